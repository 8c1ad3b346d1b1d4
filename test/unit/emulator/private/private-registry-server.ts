import { createServer, type IncomingMessage, type RequestListener, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import type { ApiContext } from '../../../../src/emulator/api/handle-api-request.ts';
import { Exchange } from '../../../../src/emulator/exchange.ts';
import { deriveIdentity } from '../../../../src/emulator/identity.ts';
import { MANIFEST_SWITCHES } from '../../../../src/emulator/operations/manifest.ts';
import { serveLayerBucket } from '../../../../src/emulator/private/layer-bucket.ts';
import { PRIVATE_FRONT } from '../../../../src/emulator/private/registry-front.ts';
import { makePrivateService } from '../../../../src/emulator/private/service.ts';
import { Quotas } from '../../../../src/emulator/quotas.ts';
import { BodyBudget } from '../../../../src/emulator/receive-body.ts';
import type { RegistryContext } from '../../../../src/emulator/registry/exchange.ts';
import { handleRegistryRequest } from '../../../../src/emulator/registry/registry.ts';
import { PRIVATE_REGISTRY_RULES } from '../../../../src/emulator/registry/rules.ts';
import { computeBlobDigest, type StoredSettings } from '../../../../src/emulator/storage/model.ts';
import { issueAuthorizationToken } from '../../../../src/emulator/tokens.ts';
import { makeDirectory, openTestStore } from '../storage/opened-store.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const ACCOUNT = '123456789012';

export interface PrivateRegistryOptions {
  /** Of the principal that sends. Default: everything. */
  readonly allowedActions?: readonly string[];
  /** The account of the principal that sends. Default: that of the registry. */
  readonly registryId?: string;
  readonly blobMounting?: boolean;
}

/** Serves only the registry of private ECR in eu-west-1 and its bucket until the test ends, with the repository `team/app`. */
export async function startPrivateRegistry(options: PrivateRegistryOptions = {}) {
  const clock = { now: Date.parse('2026-01-01T00:00:00Z') };
  const store = await openTestStore(makeDirectory());
  const { allowedActions = ['*'], registryId = ACCOUNT } = options;
  if (options.blobMounting === true) store.setAccountSetting('BLOB_MOUNTING', 'ENABLED');
  const sender = { accessKeyId: 'AKIASENDER', secretAccessKey: 'secret', allowedActions, registryId };
  const identity = deriveIdentity({ account: ACCOUNT, identities: [sender] });
  const tokens = { ...identity, tokenKey: 'key' };
  const errors: unknown[] = [];
  const shared: Omit<RegistryContext, 'registryHost'> = {
    scheme: 'http',
    service: makePrivateService('eu-west-1'),
    identity,
    tokens,
    registries: identity.registries.map((registry) => ({ registry, store })),
    bodyBudget: new BodyBudget(64 * 1024 * 1024),
    registryRules: PRIVATE_REGISTRY_RULES.aws,
    front: PRIVATE_FRONT,
    manifestSwitches: MANIFEST_SWITCHES,
    quotas: new Quotas({}, () => clock.now),
    now: () => clock.now,
    onError: (error) => errors.push(error),
  };
  const contextOf = ({ headers }: IncomingMessage) => ({ ...shared, registryHost: headers.host ?? '' });
  const downloadPort = await serve((request, response) => {
    const exchange = new Exchange(request, response, true, () => undefined);
    // as: the bucket uses nothing else of the context
    void serveLayerBucket(exchange, { ...contextOf(request), downloadPort } as unknown as ApiContext);
  });
  const port = await serve((request, response) => {
    void handleRegistryRequest(request, response, { ...contextOf(request), downloadPort });
  });
  onTestFinished(() => expect(errors).toEqual([]));
  const origin = `http://127.0.0.1:${port}`;
  const issue = (accessKeyId: string) => {
    const principal = identity.principals.get(accessKeyId);
    if (principal === undefined) throw new Error('no such principal');
    return issueAuthorizationToken(tokens, principal, clock.now).token;
  };
  const token = issue(sender.accessKeyId);
  const [root = ''] = identity.principals.keys();
  const rootToken = issue(root);

  /** Sends a request as the account itself. `path` is an address, or what follows `/v2/`. */
  function sendAs(credentials: string, method: string, path: string, body?: string | Buffer, headers = {}) {
    return fetch(path.startsWith('http') ? path : `${origin}/v2/${path}`, {
      method,
      redirect: 'manual',
      headers: { authorization: `Basic ${credentials}`, ...headers },
      ...(body !== undefined && { body }),
    });
  }

  function createRepository(name: string, settings: Partial<StoredSettings> = {}): void {
    store.createRepository({
      name,
      catalogData: {},
      resourceTags: new Map(),
      settings: {
        imageTagMutability: 'MUTABLE',
        exclusionFilters: [],
        scanOnPush: false,
        encryptionType: 'AES256',
        ...settings,
      },
    });
  }

  /** Uploads a blob as the account itself and returns its digest. */
  async function upload(text: string, repositoryName = 'team/app'): Promise<string> {
    const start = await sendAs(rootToken, 'POST', `${repositoryName}/blobs/uploads/`);
    const digest = computeBlobDigest(text);
    const address = `${start.headers.get('location')}?digest=${digest}`;
    expect((await sendAs(rootToken, 'PUT', address, text)).status).toBe(201);
    return digest;
  }

  /** Pushes an image of one layer as the account itself, and returns its digest. */
  async function putImage(tag: string, config: string, layer: string, repositoryName = 'team/app') {
    for (const blob of [config, layer]) await upload(blob, repositoryName);
    const text = makeManifest(config, layer);
    const headers = { 'content-type': manifestType };
    const path = `${repositoryName}/manifests/${tag}`;
    expect((await sendAs(rootToken, 'PUT', path, text, headers)).status).toBe(201);
    return computeBlobDigest(text);
  }

  /** Sends a request with another Host. Returns its status and body. */
  function sendTo(host: string, method: string, path: string): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = { host, authorization: `Basic ${token}` };
      const sent = sendRequest(`${origin}/v2/${path}`, { method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on('error', reject).end();
    });
  }

  createRepository('team/app');
  return {
    origin,
    store,
    clock,
    principal: identity.principal,
    /** Of the principal that sends. */
    token,
    send: sendAs.bind(undefined, token),
    sendTo,
    createRepository,
    upload,
    putImage,
  };
}

/** Makes the manifest of an image whose config and one layer have these texts, with further members. */
export function makeManifest(config: string, layer: string, more = {}): string {
  const describeBlob = (mediaType: string, text: string) => ({
    ...{ mediaType, size: text.length },
    digest: computeBlobDigest(text),
  });
  return JSON.stringify({
    ...{ schemaVersion: 2, mediaType: manifestType },
    config: describeBlob('application/vnd.oci.image.config.v1+json', config),
    layers: [describeBlob('application/vnd.oci.image.layer.v1.tar', layer)],
    ...more,
  });
}

/** Starts a server that ends with the test. Returns its port. */
async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port; // as: a server that listens on a port has an address of this kind
}
