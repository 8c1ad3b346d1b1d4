import type { CatalogDataInput } from '../wire/operations.ts';
import { formatYaml } from '../yaml/compose-yaml.ts';

/** A file of an exported catalog. */
export interface ExportedFile {
  readonly name: string;
  readonly content: string | Buffer;
}

/** Formats catalog data as one file that `loadCatalogFile` takes: YAML if the name ends so, else JSON. The logo is base64 in it. */
export function formatCatalogFile(data: CatalogDataInput, path: string): string {
  const { logoImageBlob, ...rest } = keepGiven(data);
  const content = { ...rest, ...(logoImageBlob && { logoImageBlob: logoImageBlob.toString('base64') }) };
  if (!/\.ya?ml$/i.test(path)) return formatJsonFile(content);
  return formatYaml(content);
}

/** Formats catalog data as a catalog file with its logo and texts beside it. The catalog file is the last one. */
export function formatCatalogDirectory(data: CatalogDataInput): readonly ExportedFile[] {
  const { logoImageBlob, aboutText, usageText, ...rest } = keepGiven(data);
  const files: ExportedFile[] = [];
  const addFile = (name: string, content: string | Buffer | undefined): string | undefined => {
    if (content === undefined) return undefined;
    files.push({ name, content });
    return `./${name}`;
  };
  const content = {
    ...rest,
    logo: addFile('logo.png', logoImageBlob),
    aboutFile: addFile('about.md', aboutText),
    usageFile: addFile('usage.md', usageText),
  };
  return [...files, { name: 'catalog.json', content: formatJsonFile(content) }];
}

function formatJsonFile(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Drops empty members, which the service does not keep either. */
function keepGiven(data: CatalogDataInput): CatalogDataInput {
  const given = Object.entries(data).filter(([, value]) => value !== undefined && value.length > 0);
  return Object.fromEntries(given);
}
