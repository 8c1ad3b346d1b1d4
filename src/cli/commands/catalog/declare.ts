import { type Command, InvalidArgumentError } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses, addOperations } from '../../help.ts';
import { collectValues, parseNonEmpty } from '../../options.ts';
import type { CatalogDiffOptions, CatalogGetOptions } from './run.ts';
import type { CatalogSetOptions } from './set.ts';

const NAME = '[HOST/ALIAS/]REPO';
const FILE = 'catalog file in JSON or YAML';
const MEMBERS =
  'A catalog file is JSON or YAML with any of these members: description, architectures, operatingSystems, logo, aboutFile and ' +
  "usageFile, whose paths are relative to the file; or the API's own logoImageBlob (base64), aboutText and usageText.";

/** Declares `ecrp catalog`. */
export function addCatalog(program: Command, run: Runner): void {
  const catalog = program
    .command('catalog')
    .summary('show, change and check what the Gallery shows of a repository')
    .description(
      'Show, change and check the catalog data of a repository: what the Amazon ECR Public Gallery shows. ' +
        MEMBERS,
    );
  addExamples(catalog, ['ecrp catalog get app', 'ecrp catalog set app --about-file README.md']);
  addGet(catalog, run);
  addSet(catalog, run);
  addValidate(catalog, run);
  addDiff(catalog, run);
}

function addGet(catalog: Command, run: Runner): void {
  const get = catalog
    .command('get')
    .summary('show the catalog data, or save it')
    .description(
      "Show the catalog data of a repository. With --output, save it in files that 'ecrp catalog set' takes back.",
    )
    .argument('<name>', NAME)
    .option(
      '--output <path>',
      'write a directory with catalog.json, logo and texts, or one .json or .yaml file',
      parseNonEmpty,
    )
    .action((name: string, options: CatalogGetOptions) =>
      run(async (context) => (await import('./run.ts')).showCatalog(context, name, options)),
    );
  addExamples(get, ['ecrp catalog get app', 'ecrp catalog get app --output gallery/']);
  addOperations(get, 'GetRepositoryCatalogData');
}

function addSet(catalog: Command, run: Runner): void {
  const set = catalog
    .command('set')
    .summary('change the catalog data')
    .description(
      'Change catalog data, from a file or field by field. Fields that are not given stay as they are.',
    )
    .argument('<name>', NAME)
    .option('--catalog <file>', FILE, parseNonEmpty)
    .option('--description <text>', 'short description')
    .option('--about-file <file>', 'Markdown of the About tab', parseNonEmpty)
    .option('--usage-file <file>', 'Markdown of the Usage tab', parseNonEmpty)
    .option('--logo <file>', 'PNG, 60 to 2048 pixels a side, at most 500 KB', parseNonEmpty)
    .option('--architecture <name>', 'ARM, "ARM 64", x86 or x86-64 (repeatable; replaces all)', collectValues)
    .option('--os <name>', 'Linux or Windows (repeatable; replaces all)', collectValues)
    .option('--clear <field>', `remove one: ${CLEARABLE.join(', ')} (repeatable)`, collectFields)
    .action((name: string, options: CatalogSetOptions) =>
      run(async (context) => (await import('./set.ts')).setCatalog(context, name, options)),
    );
  addExamples(set, [
    'ecrp catalog set app --catalog catalog.json',
    'ecrp catalog set app --about-file README.md --architecture "ARM 64"',
    'ecrp catalog set app --logo logo.png --clear usage',
  ]);
  addOperations(set, 'PutRepositoryCatalogData');
  addExitStatuses(set, {
    3: 'The file or a field has problems. All of them are listed, and nothing was sent.',
    8: 'The service cannot be reached, or the logo that is to stay cannot be fetched; nothing was changed.',
  });
}

/** Fields by the names of their options. */
export const CLEARABLE = ['description', 'about', 'usage', 'logo', 'architecture', 'os'] as const;

function collectFields(value: string, previous: readonly string[] = []): readonly string[] {
  if (CLEARABLE.some((name) => name === value)) return [...previous, value];
  throw new InvalidArgumentError(`Allowed fields are ${CLEARABLE.join(', ')}.`);
}

function addValidate(catalog: Command, run: Runner): void {
  const validate = catalog
    .command('validate')
    .summary('check a catalog file')
    .description(
      `Check a catalog file and the files that it names. Sends nothing and needs no credentials. ${MEMBERS}`,
    )
    .argument('<file>', FILE)
    .action((file: string) =>
      run(async (context) => (await import('./run.ts')).validateCatalog(context, file)),
    );
  addExamples(validate, ['ecrp catalog validate catalog.json', 'ecrp catalog validate catalog.yaml --json']);
  addExitStatuses(validate, { 3: 'The file has problems. Warnings alone end with 0.' });
}

function addDiff(catalog: Command, run: Runner): void {
  const diff = catalog
    .command('diff')
    .summary('show what a catalog file would change')
    .description(
      "Show what 'ecrp catalog set' would change with a catalog file. Fields that the file does not have are not compared.",
    )
    .argument('<name>', NAME)
    .argument('<file>', FILE)
    .option('--detailed-exitcode', 'end with status 10 if there are differences')
    .action((name: string, file: string, options: CatalogDiffOptions) =>
      run(async (context) => (await import('./run.ts')).diffCatalog(context, name, file, options)),
    );
  addExamples(diff, [
    'ecrp catalog diff app catalog.json',
    'ecrp catalog diff app catalog.json --detailed-exitcode',
  ]);
  addOperations(diff, 'GetRepositoryCatalogData');
  addExitStatuses(diff, { 10: 'There are differences, with `--detailed-exitcode`.' });
}
