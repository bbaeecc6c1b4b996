// `window.polyvox`: the page's state for scripts that watch it, such as a browser test. Read-only.

const FIGURES = [
  "status",
  "receiving",
  "transport",
  "requestId",
  "ttfaMs",
  "heardMs",
  "responseEndMs",
  "headroomS",
  "lowestHeadroomS",
  "receivedS",
  "playedS",
  "numBytes",
  "numGaps",
];

/** `current` returns the speech of the moment, or null before the first; `live` is the session of live text. */
export function exposeState(current, live) {
  const state = {
    get status() {
      return current()?.status ?? "idle";
    },
    get peaks() {
      return [...(current()?.peaks ?? [])];
    },
    get errorCode() {
      return current()?.error?.code ?? null;
    },
    /** Turns of live text, the latest last. */
    get liveTurns() {
      return live.turns.map(({ text, spokenChars, playedMs, interrupted, player }) => {
        return { text, spokenChars, playedMs, interrupted, receivedMs: player.bufferedS * 1000 };
      });
    },
    /** All figures at one moment, as a plain object. */
    snapshot() {
      const speech = current();
      return speech ? Object.fromEntries(FIGURES.map((name) => [name, speech[name]])) : { status: "idle" };
    },
  };
  for (const name of FIGURES.slice(1)) {
    Object.defineProperty(state, name, { get: () => current()?.[name] ?? null, enumerable: true });
  }
  window.polyvox = Object.freeze(state);
}
