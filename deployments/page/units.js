// Figures for people.

export const milliseconds = (ms) => `${Math.round(ms)} ms`;

export const seconds = (s) => (s < 99.95 ? `${s.toFixed(s < 9.995 ? 2 : 1)} s` : `${Math.round(s)} s`);

export function bytes(count) {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1000).toFixed(count < 1e4 ? 1 : 0)} kB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}
