// What each response format is to a browser: how it may be played while it arrives, and what to call the file.

/** `mediaSource`: type under which a MediaSource may take the bytes as they come. `raw`: plain samples. */
export const FORMATS = {
  wav: { label: "WAV", type: "audio/wav", raw: true },
  mp3: { label: "MP3", type: "audio/mpeg", mediaSource: "audio/mpeg" },
  opus: { label: "Opus", type: "audio/ogg" },
  aac: { label: "AAC", type: "audio/aac", mediaSource: "audio/aac" },
  flac: { label: "FLAC", type: "audio/flac" },
  pcm: { label: "PCM", type: "application/octet-stream", raw: true },
};

export const SAMPLE_RATE_HZ = 24_000;

export function streamsThroughMediaSource(format) {
  const { mediaSource } = FORMATS[format];
  return Boolean(mediaSource) && "MediaSource" in window && MediaSource.isTypeSupported(mediaSource);
}

/** A file of what arrived. A streamed WAV claims the maximum length; on disk it states its own. */
export function fileOf(chunks, format) {
  const blob = new Blob(chunks, { type: FORMATS[format].type });
  return format === "wav" ? withTrueLength(chunks, blob) : blob;
}

const WAV_HEADER_BYTES = 44;

function withTrueLength(chunks, blob) {
  if (blob.size < WAV_HEADER_BYTES) return blob;
  const bytes = new Uint8Array(blob.size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  const view = new DataView(bytes.buffer);
  const { dataStart } = readWavHeader(bytes);
  view.setUint32(4, bytes.length - 8, true);
  view.setUint32(dataStart - 4, bytes.length - dataStart, true);
  return new Blob([bytes], { type: blob.type });
}

/** Return `{dataStart, sampleRate}` of a mono 16-bit WAV, or null while the header is incomplete. */
export function readWavHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sampleRate = SAMPLE_RATE_HZ;
  let offset = 12; // after "RIFF", its size and "WAVE"
  while (offset + 8 <= bytes.length) {
    const name = String.fromCharCode(...bytes.subarray(offset, offset + 4));
    const body = offset + 8;
    if (name === "data") return { dataStart: body, sampleRate };
    if (name === "fmt " && body + 16 <= bytes.length) sampleRate = view.getUint32(body + 4, true);
    offset = body + view.getUint32(offset + 4, true);
  }
  return null;
}
