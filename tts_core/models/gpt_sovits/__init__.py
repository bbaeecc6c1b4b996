"""GPT-SoVITS v1, v2, v2Pro and v2ProPlus in plain torch, written for inference, batching and CUDA graphs.

`config` holds sizes, `t2s` turns phones into semantic tokens, `sampling` picks each token, `sovits` turns
tokens into audio in separate stages, and `features`, `spectrogram` and `speaker` turn a reference recording
into tensors.
Nothing here keeps state of a request: everything a call needs comes in as arguments.
"""
