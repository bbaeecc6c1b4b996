// A few things to say, each in a language of its own.

/** `tags`: languages of a fitting voice, best first. */
export const SAMPLES = [
  {
    label: "English",
    tags: ["en-GB", "en-US", "en"],
    text:
      "Good evening. The last train leaves at seven minutes past ten, from the platform by the river. " +
      "There is still time for a cup of tea, and for the story you were about to tell.",
  },
  {
    label: "Deutsch",
    tags: ["de-DE", "de"],
    text:
      "Guten Abend. Der letzte Zug fährt um sieben nach zehn, vom Gleis am Fluss. " +
      "Es bleibt noch Zeit für eine Tasse Tee und für die Geschichte, die du erzählen wolltest.",
  },
  {
    label: "Français",
    tags: ["fr-FR", "fr"],
    text:
      "Bonsoir. Le dernier train part à dix heures sept, du quai près de la rivière. " +
      "Il reste le temps d’un thé, et celui de l’histoire que vous alliez raconter.",
  },
  {
    label: "Español",
    tags: ["es-ES", "es"],
    text:
      "Buenas noches. El último tren sale a las diez y siete, del andén junto al río. " +
      "Todavía hay tiempo para una taza de té y para la historia que ibas a contar.",
  },
  {
    label: "Italiano",
    tags: ["it-IT", "it"],
    text:
      "Buonasera. L’ultimo treno parte alle dieci e sette, dal binario vicino al fiume. " +
      "C’è ancora tempo per una tazza di tè e per la storia che stavi per raccontare.",
  },
  {
    label: "Türkçe",
    tags: ["tr-TR", "tr"],
    text:
      "İyi akşamlar. Son tren onu yedi geçe, nehrin yanındaki perondan kalkıyor. " +
      "Bir bardak çay içmeye ve anlatacağın hikâyeyi dinlemeye hâlâ vaktimiz var.",
  },
  {
    label: "العربية",
    tags: ["ar-SA", "ar"],
    text: "مساء الخير. يغادر القطار الأخير في الساعة العاشرة وسبع دقائق من الرصيف القريب من النهر. ما زال هناك وقت لكوب من الشاي.",
  },
  {
    label: "中文",
    tags: ["zh-CN", "cmn", "zh"],
    text: "晚上好。最后一班火车十点零七分从河边的站台开出。还有时间喝一杯茶，也有时间听你要讲的故事。",
  },
  {
    label: "日本語",
    tags: ["ja-JP", "ja"],
    text: "こんばんは。さいごの でんしゃは じゅうじ ななふんに でます。おちゃを のむ じかんは まだ あります。",
  },
];

const base = (tag) => tag.split("-")[0].toLowerCase();

/** The voice that should speak a sample: the chosen one if its language fits, else the best fit, else null. */
export function voiceForSample(sample, voices, chosen) {
  const bases = sample.tags.map(base);
  if (chosen && bases.includes(base(chosen.language))) return chosen;
  // By id first: that is the language's own voice, while others of the language may be aliases or clones.
  const byTag = (matches) => sample.tags.map((tag) => voices.find((voice) => matches(voice, tag))).find(Boolean);
  const named = byTag((voice, tag) => voice.id === tag.toLowerCase());
  return named ?? byTag((voice, tag) => voice.language === tag) ?? voices.find((voice) => bases.includes(base(voice.language))) ?? null;
}
