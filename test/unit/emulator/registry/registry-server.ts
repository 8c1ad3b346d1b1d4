import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { deriveIdentity } from '../../../../src/emulator/identity.ts';
import { MANIFEST_SWITCHES } from '../../../../src/emulator/operations/manifest.ts';
import { PUBLIC_SERVICE } from '../../../../src/emulator/public-service.ts';
import { Quotas } from '../../../../src/emulator/quotas.ts';
import { BodyBudget } from '../../../../src/emulator/receive-body.ts';
import type { RegistryContext } from '../../../../src/emulator/registry/exchange.ts';
import { PUBLIC_FRONT } from '../../../../src/emulator/registry/public-front.ts';
import { handleRegistryRequest } from '../../../../src/emulator/registry/registry.ts';
import { REGISTRY_RULES, type RegistryMode } from '../../../../src/emulator/registry/rules.ts';
import type { Store } from '../../../../src/emulator/storage/store.ts';
import {
  issueAnonymousToken,
  issueAuthorizationToken,
  openTokenKey,
} from '../../../../src/emulator/tokens.ts';
import { makeDirectory, openTestStore } from '../storage/opened-store.ts';

export interface TestRegistry {
  readonly origin: string;
  readonly store: Store;
  readonly dataDirectory: string;
  /** The emulator's clock. Tests set it forward. */
  readonly clock: { now: number };
  readonly authorizationToken: string;
  readonly anonymousToken: string;
  /** Sends a request with a token, by default the anonymous one. Does not follow redirects. */
  fetch(path: string, init?: RequestInit, token?: string): Promise<Response>;
}

/** Serves only the registry, with the alias `alias`, until the test ends. */
export async function startTestRegistry(mode: RegistryMode = 'aws'): Promise<TestRegistry> {
  const clock = { now: Date.parse('2026-01-01T00:00:00Z') };
  const dataDirectory = makeDirectory();
  const store = await openTestStore(dataDirectory);
  const identity = deriveIdentity({ alias: 'alias' });
  const tokens = { ...identity, tokenKey: openTokenKey(dataDirectory) };
  const errors: unknown[] = [];
  const shared: Omit<RegistryContext, 'registryHost'> = {
    scheme: 'http',
    service: PUBLIC_SERVICE,
    identity,
    tokens,
    registries: identity.registries.map((registry) => ({ registry, store })),
    bodyBudget: new BodyBudget(64 * 1024 * 1024),
    registryRules: REGISTRY_RULES[mode],
    front: PUBLIC_FRONT,
    manifestSwitches: MANIFEST_SWITCHES,
    quotas: new Quotas({}, () => clock.now),
    now: () => clock.now,
    onError: (error) => errors.push(error),
  };
  const server = createServer((request, response) => {
    void handleRegistryRequest(request, response, {
      ...shared,
      registryHost: request.headers.host ?? '',
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    expect(errors).toEqual([]);
  });
  // as: a server that listens on a port has an address of this kind
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const anonymousToken = issueAnonymousToken(tokens, clock.now).token;
  return {
    origin,
    store,
    dataDirectory,
    clock,
    authorizationToken: issueAuthorizationToken(tokens, identity.principal, clock.now).token,
    anonymousToken,
    fetch: (path, init = {}, token = anonymousToken) =>
      fetch(`${origin}${path}`, {
        redirect: 'manual',
        ...init,
        headers: { authorization: `Bearer ${token}`, ...init.headers },
      }),
  };
}

/** Reads a JSON body. The test checks that it has the `Shape`. */
export async function readJson<Shape>(response: Response): Promise<Shape> {
  return (await response.json()) as Shape; // as: a wrong shape fails the expectation that follows
}

/** Reads status, code and message of an error. */
export async function readError(response: Response) {
  const { errors } = await readJson<{ errors: { code: string; message: string }[] }>(response);
  return [response.status, errors[0]?.code, errors[0]?.message];
}
