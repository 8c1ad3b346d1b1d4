import type { Handler } from './context.ts';

export const getRegistryCatalogData: Handler<'GetRegistryCatalogData'> = ({ store }) => ({
  registryCatalogData: store.registryCatalogData,
});

/** An empty or absent name clears it. */
export const putRegistryCatalogData: Handler<'PutRegistryCatalogData'> = ({ store }, { displayName }) => {
  store.setRegistryCatalogData(displayName ? { displayName } : {});
  return { registryCatalogData: store.registryCatalogData };
};
