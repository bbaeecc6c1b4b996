// Every sentence that the page composes, in one place, so that another language is one more table.

/** What each stable error code of the server means to a person. */
const ERRORS = {
  empty_input: "There is nothing to say yet. Type some text first.",
  overloaded: "All voices are busy at the moment.",
  no_connection: "The server can’t be reached. Is it still running?",
  stream_interrupted: "The connection broke before the speech was complete.",
  no_audio: "The server answered, but sent no audio.",
  undecodable: "This browser can’t play this format. The file can still be downloaded.",
};

export const words = {
  error: (code, message) => ERRORS[code] ?? message,
  ready: "Ready.",
  waiting: "Waiting for the first sound…",
  speaking: "Speaking…",
  replaying: "Playing again…",
  stopped: "Stopped.",
  done: (seconds) => `Finished: ${seconds} of audio.`,
  retryIn: (seconds) => `Try again in ${seconds} s`,
  retry: "Try again",
  loadingVoices: "Asking for voices…",
  voices: (count) => (count === 1 ? "1 voice" : `${count} voices`),
  noVoices: "No voices",
  noMatch: "No voice matches.",
  autoLanguage: "Auto: the voice’s own",
  characters: (count) => (count === 1 ? "1 character" : `${count} characters`),
  /** What the figure above is: live while audio arrives, what is left to play after that, the lowest at the end. */
  headroomWhile: {
    receiving: (lowest) => `lowest ${lowest}`,
    draining: () => "all received",
    over: () => "at its lowest",
  },
  gaps: (count) => (count === 0 ? "no gaps" : count === 1 ? "1 gap" : `${count} gaps`),
  heard: (ms) => `heard after ${ms}`,
  waveform: (seconds) => `Waveform, ${seconds} received`,
};
