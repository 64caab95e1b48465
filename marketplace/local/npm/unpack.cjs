// Unpack Chromium and its libraries with Node's own brotli: node unpack.cjs DIRECTORY
const { createReadStream, createWriteStream } = require("node:fs");
const { join } = require("node:path");
const { pipeline } = require("node:stream/promises");
const { createBrotliDecompress } = require("node:zlib");

const work = process.argv[2];
const bin = join(work, "node_modules", "@sparticuz", "chromium", "bin");
const files = [
  ["chromium.br", "chromium"],
  ["al2023.tar.br", "libraries.tar"],
  ["fonts.tar.br", "fonts.tar"],
];

async function unpack() {
  for (const [from, to] of files) {
    await pipeline(
      createReadStream(join(bin, from)),
      createBrotliDecompress(),
      createWriteStream(join(work, to)),
    );
  }
}

unpack().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
