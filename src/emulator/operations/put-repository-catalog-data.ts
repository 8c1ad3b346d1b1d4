import { describeCatalogData, readCatalogData } from './catalog-data.ts';
import type { Handler } from './context.ts';
import { findRepository } from './find-repository.ts';

/** Replaces everything but a logo that is not sent again; see `CHOICES.catalogDataWithoutLogo`. */
export const putRepositoryCatalogData: Handler<'PutRepositoryCatalogData'> = (context, input) => {
  const repository = findRepository(context, input);
  const { catalogData, logo } = readCatalogData(input.catalogData);
  const kept = repository.catalogData.logo;
  context.store.setCatalogData(
    repository.name,
    { ...catalogData, ...(kept !== undefined && { logo: kept }) },
    logo,
  );
  return { catalogData: describeCatalogData(context, findRepository(context, input).catalogData) };
};
