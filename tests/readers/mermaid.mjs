// Reads every Mermaid block of the documents below the given folders with mermaid's own parser.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The packages are installed below .tools, not beside this file.
const require = createRequire(join(process.env.NODE_PACKAGES, "package.json"));
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);
const { JSDOM } = await load("jsdom");
const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await load("mermaid");

let blocks = 0;
let wrong = 0;
for (const folder of process.argv.slice(2)) {
  for (const entry of readdirSync(folder, { recursive: true })) {
    if (!entry.endsWith(".md")) continue;
    const text = readFileSync(join(folder, entry), "utf8");
    for (const [, block] of text.matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)) {
      blocks += 1;
      try {
        await mermaid.parse(block);
      } catch (error) {
        wrong += 1;
        console.error(`${join(folder, entry)}: ${error.message}\n${block}`);
      }
    }
  }
}
console.log(`mermaid reads ${blocks} diagrams, ${wrong} of them are wrong`);
process.exit(wrong > 0 || blocks === 0 ? 1 : 0);
