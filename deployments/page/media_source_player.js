// Plays compressed bytes while they arrive, through the browser's own buffering.

const KEEP_PLAYED_S = 5;

export class MediaSourcePlayer {
  transport = "media-source";
  takesSamples = false;
  numGaps = 0;
  #type;
  #media = new MediaSource();
  #audio = new Audio();
  #buffer = null;
  #queue = [];
  #ended = false;
  #begun = false;
  #finish;
  #fail;

  /** Resolves when the audio has been played to its end, or on `stop`; rejects where the browser gives up. */
  finished = new Promise((resolve, reject) => {
    this.#finish = resolve;
    this.#fail = reject;
  });

  constructor(type) {
    this.#type = type;
    this.#audio.addEventListener("playing", () => (this.#begun = true));
    this.#audio.addEventListener("waiting", () => this.#countGap());
    this.#audio.addEventListener("ended", () => this.#finish());
    this.#audio.addEventListener("error", () => this.#fail(this.#audio.error));
  }

  /** Call from within a click or key press. Resolves at once; `play` waits for data by itself. */
  async open() {
    const opened = new Promise((resolve) => this.#media.addEventListener("sourceopen", resolve, { once: true }));
    this.#audio.src = URL.createObjectURL(this.#media);
    this.#audio.play().catch((reason) => {
      if (reason.name !== "AbortError") this.#fail(reason);
    });
    await opened;
    URL.revokeObjectURL(this.#audio.src);
    this.#buffer = this.#media.addSourceBuffer(this.#type);
    this.#buffer.addEventListener("updateend", () => this.#feed());
  }

  push(bytes) {
    this.#queue.push(bytes);
    this.#feed();
  }

  end() {
    this.#ended = true;
    this.#feed();
  }

  stop() {
    this.#audio.pause();
    this.#queue = [];
    this.#finish();
  }

  get playedS() {
    return this.#audio.currentTime;
  }

  get bufferedS() {
    const { buffered } = this.#audio;
    return buffered.length ? buffered.end(buffered.length - 1) : 0;
  }

  #feed() {
    if (this.#buffer.updating || this.#media.readyState !== "open") return;
    if (this.#queue.length) this.#append();
    else if (this.#ended) this.#media.endOfStream();
  }

  #append() {
    try {
      this.#buffer.appendBuffer(this.#queue[0]);
      this.#queue.shift();
    } catch (reason) {
      if (reason.name !== "QuotaExceededError") throw reason;
      this.#makeRoom();
    }
  }

  /** The browser's buffer is full: drop what has been heard, or wait until something has. */
  #makeRoom() {
    const heardS = this.#audio.currentTime - KEEP_PLAYED_S;
    if (heardS > this.#buffer.buffered.start(0)) this.#buffer.remove(0, heardS);
    else setTimeout(() => this.#feed(), 500);
  }

  #countGap() {
    if (this.#begun && !this.#ended) this.numGaps += 1;
  }
}
