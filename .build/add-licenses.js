import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Bundler plugin that adds a file with the licenses of all bundled packages. Those licenses demand it.
 * @param others Directories of packages that are in the output by other ways than imports.
 */
export function addLicenses(fileName, others) {
  return {
    name: 'ecrp-licenses',
    generateBundle(_options, bundle) {
      const titlesByText = new Map();
      for (const directory of [...listPackages(bundle), ...others]) {
        const { title, text } = readLicense(directory);
        titlesByText.set(text, (titlesByText.get(text) ?? new Set()).add(title));
      }
      const parts = Array.from(titlesByText, ([text, titles]) => `${[...titles].join('\n')}\n\n${text}\n`);
      this.emitFile({ type: 'asset', fileName, source: parts.join(`\n${'-'.repeat(80)}\n\n`) });
    },
  };
}

/** Lists directories of packages. A package may contain others, so the innermost counts. */
function listPackages(bundle) {
  const directories = Object.values(bundle)
    .flatMap(({ moduleIds = [] }) => moduleIds)
    .flatMap((id) => /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id)?.[1] ?? []);
  return [...new Set(directories)].sort();
}

function readLicense(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const texts = readdirSync(directory)
    .filter((file) => /^(licen[cs]e|notice)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(directory, file), 'utf8').trim());
  if (texts.length === 0) {
    // Our own file is the plain text of this license. No other comes without a text.
    if (license !== 'Apache-2.0') throw new Error(`${name} has no text of its license`);
    texts.push(readFileSync(join(import.meta.dirname, '..', 'LICENSE'), 'utf8').trim());
  }
  return { title: `${name} ${version} (${license})`, text: texts.join('\n\n') };
}
