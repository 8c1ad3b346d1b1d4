import { describeCatalogData } from './catalog-data.ts';
import type { Handler } from './context.ts';
import { findRepository } from './find-repository.ts';

/** A repository without catalog data has an empty one; see `CHOICES.absentCatalogData`. */
export const getRepositoryCatalogData: Handler<'GetRepositoryCatalogData'> = (context, input) => ({
  catalogData: describeCatalogData(context, findRepository(context, input).catalogData),
});
