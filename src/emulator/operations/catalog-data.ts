import { MAX_LOGO_SIDE, MIN_LOGO_SIDE } from '../../wire/limits.ts';
import type { ValueOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import type { StoredCatalogData } from '../storage/model.ts';
import { invalidParameter } from '../texts.ts';
import type { OperationContext } from './context.ts';

/** Catalog data of a request, as it is stored, and its logo. Throws InvalidParameterException for a logo that is no PNG of fitting size. */
export function readCatalogData(input: ValueOf<'RepositoryCatalogDataInput'>): {
  readonly catalogData: StoredCatalogData;
  readonly logo: Buffer | undefined;
} {
  const { description, architectures, operatingSystems, logoImageBlob, aboutText, usageText } = input;
  if (logoImageBlob !== undefined && !isLogo(logoImageBlob)) {
    throw invalidParameter('logoImageBlob', CHOICES.invalidLogoReason.value);
  }
  return {
    catalogData: {
      ...(description !== undefined && { description }),
      ...(architectures !== undefined && { architectures }),
      ...(operatingSystems !== undefined && { operatingSystems }),
      ...(aboutText !== undefined && { aboutText }),
      ...(usageText !== undefined && { usageText }),
    },
    logo: logoImageBlob,
  };
}

/** Catalog data as responses have it: members without a value are left out, a logo is told by its address. */
export function describeCatalogData(
  context: OperationContext,
  catalogData: StoredCatalogData,
): ValueOf<'RepositoryCatalogData'> {
  const { description, architectures, operatingSystems, logo, aboutText, usageText } = catalogData;
  return {
    description: description || undefined,
    architectures: dropEmpty(architectures),
    operatingSystems: dropEmpty(operatingSystems),
    logoUrl: logo && `http://${context.registryHost}/logo/${logo.slice('sha256:'.length)}.png`,
    aboutText: aboutText || undefined,
    usageText: usageText || undefined,
  };
}

function dropEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** PNG by its signature and header chunk, 60 to 2048 pixels a side. Source: PNG specification, sections 5.2 and 11.2.2. */
function isLogo(bytes: Buffer): boolean {
  if (bytes.length < 24 || bytes.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return false;
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return false;
  const sides = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  return sides.every((side) => side >= MIN_LOGO_SIDE && side <= MAX_LOGO_SIDE);
}
