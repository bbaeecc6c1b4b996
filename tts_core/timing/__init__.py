"""When the words of a text are heard. Knows nothing of engines, languages or HTTP.

marks       what an engine says about its audio: which words, and where it knows that one begins
silence     where audio is silent
estimate    words laid out over audio, by how long they typically take and by its silences
clock       marks and audio, in pieces as they come, to words with their times
"""
