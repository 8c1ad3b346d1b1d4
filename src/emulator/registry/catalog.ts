import { findPrimaryAlias } from '../registry-identity.ts';
import type { Exchange } from './exchange.ts';
import { sendSortedPage } from './sorted-page.ts';

/** `GET /v2/_catalog`: every repository of every registry, by its whole name. Source: Docker registry HTTP API V2, "Listing Repositories". */
export function serveCatalog(exchange: Exchange): void {
  const names = exchange.context.registries.flatMap(({ registry, store }) =>
    [...store.repositories.keys()].map((name) => `${findPrimaryAlias(registry)}/${name}`),
  );
  sendSortedPage(exchange, '/v2/_catalog', names, (repositories) => ({ repositories }));
}
