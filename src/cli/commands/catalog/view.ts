import { normalizeText } from '../../../catalog/changes.ts';
import { countCharacters, groupDigits } from '../../../catalog/findings.ts';
import { readPngSize } from '../../../catalog/png.ts';
import { MAX_ABOUT_CHARS, MAX_DESCRIPTION_CHARS, MAX_USAGE_CHARS } from '../../../wire/limits.ts';
import type { CatalogDataInput, RepositoryCatalogData, ResourceTag } from '../../../wire/operations.ts';
import { formatBytes, formatFields } from '../../format.ts';
import type { ResultMembers } from '../../output.ts';

/** Members of catalog data for JSON, as the service answered them. */
export function listCatalogMembers(data: RepositoryCatalogData): ResultMembers {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
}

/** Members of catalog data for JSON, as the service would get them. */
export function listCatalogInput({ logoImageBlob, ...data }: CatalogDataInput): ResultMembers {
  return { ...data, logoImageBlob: logoImageBlob?.toString('base64') };
}

/** Shows catalog data: short members as fields, then the texts. */
export function viewCatalog(data: RepositoryCatalogData): readonly string[] {
  const { description, architectures = [], operatingSystems = [], logoUrl, aboutText, usageText } = data;
  const fields = formatFields([
    ['description', description],
    ['architectures', architectures.join(', ')],
    ['operatingSystems', operatingSystems.join(', ')],
    ['logoUrl', logoUrl],
  ]);
  return [...fields, ...viewText('aboutText', aboutText), ...viewText('usageText', usageText)];
}

function viewText(name: string, text: string | undefined): readonly string[] {
  if (!text) return [];
  const lines = normalizeText(text).split('\n');
  return [`${name}:`, ...lines.map((line) => `  ${line.replaceAll('\t', '    ')}`.trimEnd())];
}

/** Shows what a valid catalog file has, against the limits. */
export function viewChecked(data: CatalogDataInput, tags: readonly ResourceTag[]): readonly string[] {
  const {
    description,
    architectures = [],
    operatingSystems = [],
    logoImageBlob,
    aboutText,
    usageText,
  } = data;
  const describe = (text: string | undefined, most: number): string | undefined =>
    text && `${groupDigits(countCharacters(text))} of ${groupDigits(most)} characters`;
  const size = logoImageBlob && readPngSize(logoImageBlob);
  const fields = formatFields([
    ['description', describe(description, MAX_DESCRIPTION_CHARS)],
    ['architectures', architectures.join(', ')],
    ['operatingSystems', operatingSystems.join(', ')],
    ['logo', size && `${size.width} × ${size.height} pixels, ${formatBytes(logoImageBlob?.length ?? 0)}`],
    ['aboutText', describe(aboutText, MAX_ABOUT_CHARS)],
    ['usageText', describe(usageText, MAX_USAGE_CHARS)],
    ['tags', tags.map(({ Key, Value }) => `${Key}=${Value}`).join(', ')],
  ]);
  return ['valid', ...fields];
}
