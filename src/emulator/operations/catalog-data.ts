import { MAX_LOGO_SIDE, MIN_LOGO_SIDE } from '../../wire/limits.ts';
import type { ValueOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { invalidParameter } from '../service-error.ts';
import type { StoredCatalogData } from '../storage/model.ts';
import { findRepository, type Handler, type Handlers, type OperationContext } from './context.ts';

/** A repository without catalog data has an empty one. See `CHOICES.absentCatalogData`. */
const getRepositoryCatalogData: Handler<'GetRepositoryCatalogData'> = (context, input) => ({
  catalogData: describeCatalogData(context, findRepository(context, input).catalogData),
});

/** Replaces everything, but keeps the logo when none is sent. See `CHOICES.catalogDataWithoutLogo` and `CHOICES.emptyLogo`. */
const putRepositoryCatalogData: Handler<'PutRepositoryCatalogData'> = (context, input) => {
  const repository = findRepository(context, input);
  const { catalogData, logo } = acceptCatalogData(input.catalogData);
  const kept = removesLogo(input.catalogData) ? undefined : repository.catalogData.logo;
  context.store.setCatalogData(
    repository.name,
    { ...catalogData, ...(kept !== undefined && { logo: kept }) },
    logo,
  );
  return { catalogData: describeCatalogData(context, findRepository(context, input).catalogData) };
};

const getRegistryCatalogData: Handler<'GetRegistryCatalogData'> = ({ store }) => ({
  registryCatalogData: store.registryCatalogData,
});

/** An empty or absent name removes the name. */
const putRegistryCatalogData: Handler<'PutRegistryCatalogData'> = ({ store }, { displayName }) => {
  store.setRegistryCatalogData(displayName ? { displayName } : {});
  return { registryCatalogData: store.registryCatalogData };
};

export const catalogDataHandlers: Handlers<
  | 'GetRepositoryCatalogData'
  | 'PutRepositoryCatalogData'
  | 'GetRegistryCatalogData'
  | 'PutRegistryCatalogData'
> = {
  GetRepositoryCatalogData: getRepositoryCatalogData,
  PutRepositoryCatalogData: putRepositoryCatalogData,
  GetRegistryCatalogData: getRegistryCatalogData,
  PutRegistryCatalogData: putRegistryCatalogData,
};

/** Separates the logo from the catalog data of a request. Throws InvalidParameterException for a logo that is not a PNG of an allowed size. */
export function acceptCatalogData(input: ValueOf<'RepositoryCatalogDataInput'>): {
  readonly catalogData: StoredCatalogData;
  readonly logo: Buffer | undefined;
} {
  const { description, architectures, operatingSystems, logoImageBlob, aboutText, usageText } = input;
  const logo = removesLogo(input) ? undefined : logoImageBlob;
  if (logo !== undefined && !isLogo(logo)) {
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
    logo,
  };
}

function removesLogo({ logoImageBlob }: ValueOf<'RepositoryCatalogDataInput'>): boolean {
  return logoImageBlob?.length === 0;
}

/** Describes catalog data as responses do: without empty members, and with the logo's address. */
export function describeCatalogData(
  context: OperationContext,
  catalogData: StoredCatalogData,
): ValueOf<'RepositoryCatalogData'> {
  const { description, architectures, operatingSystems, logo, aboutText, usageText } = catalogData;
  return {
    description: description || undefined,
    architectures: dropEmpty(architectures),
    operatingSystems: dropEmpty(operatingSystems),
    logoUrl: logo && `${context.scheme}://${context.registryHost}/logo/${logo.slice('sha256:'.length)}.png`,
    aboutText: aboutText || undefined,
    usageText: usageText || undefined,
  };
}

function dropEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** Checks a PNG's signature, its header chunk and the length of its sides. Source: PNG specification, sections 5.2 and 11.2.2. */
function isLogo(bytes: Buffer): boolean {
  if (bytes.length < 24 || bytes.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return false;
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return false;
  const sides = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  return sides.every((side) => side >= MIN_LOGO_SIDE && side <= MAX_LOGO_SIDE);
}
