import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { callPrivate } from '../support/call-api.ts';
import type { TestEmulator } from '../support/emulator.ts';
import { privateOf } from '../support/signed-request.ts';

interface Named {
  readonly digest: string;
  readonly isManifest: boolean;
  readonly bytes: Buffer | undefined;
}

/** Fetches from the registry of ECR Public, anonymously, or from that of private ECR. Undefined for a missing object. */
export class Puller {
  readonly #emulator: TestEmulator;
  readonly #service: 'public' | 'private';
  #authorization: Promise<string> | undefined;

  constructor(emulator: TestEmulator, service: 'public' | 'private' = 'public') {
    this.#emulator = emulator;
    this.#service = service;
  }

  /** Finds a missing digest below a tag. Undefined for a complete or missing tag. */
  async findHole(repositoryName: string, tag: string): Promise<string | undefined> {
    for (const { digest, isManifest, bytes } of await this.#walk(repositoryName, tag)) {
      if (isManifest) {
        if (bytes === undefined) return `${digest} (a manifest)`;
        continue;
      }
      // The registry redirects to the bytes of an existing blob.
      const response = await this.#ask(repositoryName, `blobs/${digest}`, 'manual');
      await response.body?.cancel();
      if (response.status !== 307) return `${digest} (${response.status})`;
    }
    return undefined;
  }

  async findDigest(repositoryName: string, tag: string): Promise<Digest | undefined> {
    const manifest = await this.pull(repositoryName, `manifests/${tag}`);
    return manifest && digestOf(manifest);
  }

  /** Finds a digest below a tag whose bytes have another digest. Undefined if all match. */
  async findDamage(repositoryName: string, tag: string): Promise<string | undefined> {
    for (const { digest, isManifest, bytes } of await this.#walk(repositoryName, tag)) {
      const found = isManifest ? bytes : await this.pull(repositoryName, `blobs/${digest}`);
      if (found === undefined || digestOf(found) !== digest) return digest;
    }
    return undefined;
  }

  /** Lists all digests below a tag; existing manifests with their bytes. */
  async #walk(repositoryName: string, tag: string): Promise<readonly Named[]> {
    const named: Named[] = [];
    const visit = async (manifest: Buffer | undefined): Promise<void> => {
      const isIndex = /"manifests":/.test(String(manifest));
      for (const digest of listDigests(manifest)) {
        const bytes = isIndex ? await this.pull(repositoryName, `manifests/${digest}`) : undefined;
        named.push({ digest, isManifest: isIndex, bytes });
        if (isIndex) await visit(bytes);
      }
    };
    await visit(await this.pull(repositoryName, `manifests/${tag}`));
    return named;
  }

  async pull(repositoryName: string, path: string): Promise<Buffer | undefined> {
    const response = await this.#ask(repositoryName, path, 'follow');
    const bytes = Buffer.from(await response.arrayBuffer());
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${bytes}`);
    return bytes;
  }

  async #ask(repositoryName: string, path: string, redirect: 'follow' | 'manual'): Promise<Response> {
    const { url, privateUrl, registryAlias } = this.#emulator;
    this.#authorization ??= this.#authorize();
    const base = this.#service === 'public' ? `${url}/v2/${registryAlias}` : `${privateUrl}/v2`;
    return fetch(`${base}/${repositoryName}/${path}`, {
      headers: { authorization: await this.#authorization, accept: '*/*' },
      redirect,
    });
  }

  async #authorize(): Promise<string> {
    if (this.#service === 'public') {
      const answer = await fetch(`${this.#emulator.url}/token/`);
      return `Bearer ${Object(await answer.json()).token}`;
    }
    const signer = privateOf(this.#emulator);
    const { authorizationData = [] } = await callPrivate(signer, 'GetAuthorizationToken');
    return `Basic ${authorizationData[0]?.authorizationToken}`;
  }
}

function listDigests(manifest: Buffer | undefined): ReadonlySet<string> {
  const found = String(manifest ?? '').matchAll(/sha256:[0-9a-f]{64}/g);
  return new Set(Array.from(found, ([digest]) => digest));
}
