// One speech from the press of the button to the last sample, with everything that is measured on the way.

import { SpeechError, bytesOf, requestSpeech } from "./api.js";
import { decoderFor } from "./decoders.js";
import { FORMATS, streamsThroughMediaSource } from "./formats.js";
import { MediaSourcePlayer } from "./media_source_player.js";
import { Recording } from "./recording.js";
import { WebAudioPlayer } from "./web_audio_player.js";

const TICK_MS = 50;

/** A proxy on the way may repeat the header, and browsers join what is repeated. */
function requestIdOf(response) {
  return response.headers.get("X-Request-Id")?.split(",")[0] ?? null;
}

function playerFor(format) {
  if (streamsThroughMediaSource(format)) return new MediaSourcePlayer(FORMATS[format].mediaSource);
  return new WebAudioPlayer();
}

/**
 * `status` is waiting (no sound yet), playing, replaying, done, stopped or error.
 * Times in `_ms` count from the moment the speech was asked for; `onChange` is called on every change of status.
 */
export class Speech {
  status = "waiting";
  receiving = true;
  error = null;
  requestId = null;
  ttfaMs = null; // first audible sample received
  heardMs = null; // first audible sample played
  responseEndMs = null;
  lowestHeadroomS = null; // while audio was still to come
  atTime = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  #request;
  #onChange;
  #player;
  #replayer = null;
  #recording;
  #startMs = performance.now();
  #abort = new AbortController();
  #ticker = null;

  constructor(request, onChange) {
    this.#request = request;
    this.#onChange = onChange;
    this.#player = playerFor(request.response_format);
    this.#recording = new Recording(request.response_format);
  }

  /** Runs to the end of the playback; never rejects, since `status` and `error` tell how it went. */
  async run() {
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    try {
      await this.#listen();
      this.#finish("done");
    } catch (reason) {
      this.#giveUp(reason);
    }
  }

  /** Cancel the request on the server and fall silent, both at once. */
  stop() {
    if (!this.active) return;
    this.#abort.abort();
    (this.#replayer ?? this.#player).stop();
    this.#finish("stopped");
  }

  async replay() {
    const ending = this.status;
    const player = new WebAudioPlayer();
    this.#replayer = player;
    this.#setStatus("replaying");
    await player.open();
    player.push(this.#recording.allSamples());
    player.end();
    await player.finished;
    if (this.status === "replaying") this.#setStatus(ending);
  }

  file() {
    return this.#recording.file();
  }

  get active() {
    return ["waiting", "playing", "replaying"].includes(this.status);
  }

  get replayable() {
    return this.#recording.numSamples > 0;
  }

  get peaks() {
    return this.#recording.peaks;
  }

  get numBytes() {
    return this.#recording.numBytes;
  }

  get numGaps() {
    return this.#player.numGaps;
  }

  get transport() {
    return this.#player.transport;
  }

  get format() {
    return this.#request.response_format;
  }

  get voice() {
    return this.#request.voice;
  }

  get receivedS() {
    return this.receiving ? Math.max(this.#recording.decodedS, this.#player.bufferedS) : this.#recording.decodedS;
  }

  get playedS() {
    return (this.#replayer ?? this.#player).playedS;
  }

  /** Audio received minus the playback clock: what is left to play if nothing more arrived. */
  get headroomS() {
    return this.receivedS - this.playedS;
  }

  async #listen() {
    // Opened before anything is awaited: the browser must see that a person asked for sound.
    const opened = this.#player.open();
    await Promise.all([this.#receive(opened), this.#player.finished]);
  }

  async #receive(opened) {
    const response = await requestSpeech(this.#request, this.#abort.signal);
    this.requestId = requestIdOf(response);
    await opened;
    const decoder = decoderFor(this.format, (samples) => this.#take(samples));
    for await (const chunk of bytesOf(response)) {
      this.#recording.addBytes(chunk);
      if (!this.#player.takesSamples) this.#player.push(chunk);
      decoder.push(chunk);
    }
    this.responseEndMs = this.#sinceStart();
    if (!this.#player.takesSamples) this.#player.end();
    await decoder.end();
    if (!this.#recording.numSamples) throw new SpeechError("no_audio", "The server sent no audio.");
    if (this.#player.takesSamples) this.#player.end();
    this.receiving = false;
  }

  #take(samples) {
    if (this.#abort.signal.aborted) return;
    this.#recording.addSamples(samples);
    if (this.#recording.firstAudibleS !== null) this.ttfaMs ??= this.#sinceStart();
    if (this.#player.takesSamples) this.#player.push(samples);
  }

  #tick() {
    const { playedS } = this;
    if (playedS <= 0) return;
    if (this.status === "waiting") this.#setStatus("playing");
    this.#noteHeard(playedS);
    const { headroomS } = this;
    if (this.receiving || this.lowestHeadroomS === null) {
      this.lowestHeadroomS = Math.min(this.lowestHeadroomS ?? headroomS, headroomS);
    }
  }

  #noteHeard(playedS) {
    const { firstAudibleS } = this.#recording;
    if (firstAudibleS === null || playedS < firstAudibleS) return;
    this.heardMs ??= this.#sinceStart() - (playedS - firstAudibleS) * 1000;
  }

  #giveUp(reason) {
    if (!this.active) return; // stopped: whatever fails now fails because of that
    this.#abort.abort();
    this.#player.stop();
    this.error = reason instanceof SpeechError ? reason : new SpeechError("page_error", String(reason));
    this.#finish("error");
  }

  #finish(status) {
    if (!this.active) return;
    clearInterval(this.#ticker);
    this.receiving = false;
    this.#setStatus(status);
  }

  #setStatus(status) {
    this.status = status;
    this.#onChange(this);
  }

  #sinceStart() {
    return performance.now() - this.#startMs;
  }
}
