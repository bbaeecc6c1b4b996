// What the server told about itself last, for all who need a part of it. Old servers tell nothing.

import { fetchLoad } from "./api.js";

const UNKNOWN = { cloning: null };

export class ServerLoad {
  latest = UNKNOWN;

  /** Ask again; resolves to whether there was an answer. */
  async refresh() {
    try {
      this.latest = await fetchLoad();
      return true;
    } catch {
      this.latest = { ...this.latest, listeners: undefined };
      return false;
    }
  }

  /** Models that clone voices; null where the server doesn't say. */
  get cloningModels() {
    return this.latest.cloning?.models ?? null;
  }

  /** Whether voices can be added: true, or "none" or "off" for why not. */
  get takesVoices() {
    const { cloning } = this.latest;
    if (cloning === null || cloning === undefined) return true; // it will say so itself
    if (!cloning.models.length) return "none";
    return cloning.uploads || "off";
  }

  /** Whether a model draws tokens, so that sampling settings mean something. */
  samples(model) {
    return this.cloningModels?.includes(model) ?? model !== "formant";
  }
}
