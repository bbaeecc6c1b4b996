// OpenAI's package for Node: `node openai_says.mjs PACKAGES_FOLDER URL BODY PATH`, a report on stdout.
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";

const [folder, url, body, path] = process.argv.slice(2);
const { OpenAI } = createRequire(`${folder}/`)("openai");

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
const beganAt = performance.now();
try {
  const answer = await client.audio.speech.create(JSON.parse(body));
  const pieces = [], arrivals = [];
  let numBytes = 0;
  for await (const piece of answer.body) {
    pieces.push(piece);
    numBytes += piece.length;
    arrivals.push([(performance.now() - beganAt) / 1e3, numBytes]);
  }
  await writeFile(path, Buffer.concat(pieces));
  const models = (await client.models.list()).data.map((model) => model.id);
  console.log(JSON.stringify({ mediaType: answer.headers.get("content-type"), arrivals, models }));
} catch (error) {
  console.log(JSON.stringify({ error: error.constructor.name, status: error.status, code: error.code }));
}
