import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { PrivateOperationName, PrivateOutputOf } from '../../../src/wire/private/operations.ts';
import { callPrivate } from '../../support/call-api.ts';
import { privateOf } from '../../support/signed-request.ts';
import { Sandbox } from './sandbox.ts';

/** The private registry of an emulator in a sandbox. */
export class PrivateRegistry {
  readonly sandbox: Sandbox;
  readonly host: string;
  /** Of the user AWS. */
  readonly password: string;
  readonly #log: string;

  private constructor(sandbox: Sandbox, host: string, password: string, log: string) {
    this.sandbox = sandbox;
    this.host = host;
    this.password = password;
    this.#log = log;
  }

  /** Starts a sandbox whose emulator serves private ECR too, with further options. `close` of the sandbox ends it. */
  static async start(...options: readonly string[]): Promise<PrivateRegistry> {
    const log = join(mkdtempSync(join(tmpdir(), 'ecrp-requests-')), 'requests.ndjson');
    const sandbox = await Sandbox.start('--private-port', '0', '--log', log, ...options);
    sandbox.onClose(() => rmSync(dirname(log), { recursive: true, force: true }));
    const { authorizationData = [] } = await callPrivate(
      privateOf(sandbox.emulator),
      'GetAuthorizationToken',
    );
    const login = Buffer.from(authorizationData[0]?.authorizationToken ?? '', 'base64').toString();
    return new PrivateRegistry(
      sandbox,
      sandbox.emulator.privateRegistryHost ?? '',
      login.slice(login.indexOf(':') + 1),
      log,
    );
  }

  /** Formats `HOST/repository` plus `:tag` or `@digest`. */
  locate(reference: string): string {
    return `${this.host}/${reference}`;
  }

  /** Calls an operation of the API with the keys of the account. */
  call<Name extends PrivateOperationName>(operation: Name, input: object): Promise<PrivateOutputOf<Name>> {
    return callPrivate(privateOf(this.sandbox.emulator), operation, input);
  }

  /** Creates a repository with further members of CreateRepository. Returns its name. */
  async create(repositoryName: string, settings: object = {}): Promise<string> {
    await this.call('CreateRepository', { repositoryName, ...settings });
    return repositoryName;
  }

  async describe(repositoryName: string) {
    return (await this.call('DescribeImages', { repositoryName })).imageDetails ?? [];
  }

  /** The digest of a tag, in the service. */
  async findDigest(repositoryName: string, imageTag: string): Promise<string | undefined> {
    const images = await this.describe(repositoryName);
    return images.find((image) => image.imageTags?.includes(imageTag))?.imageDigest;
  }

  /** Counts the answers so far to requests like `POST /v2/team/app/blobs/uploads/` with a status. */
  countAnswers(route: RegExp, status: number): number {
    const lines = readFileSync(this.#log, 'utf8').trim().split('\n');
    // as: the contract of the command line fixes the members
    const requests = lines.map((line) => JSON.parse(line) as { route?: string; status: number });
    return requests.filter((request) => route.test(request.route ?? '') && request.status === status).length;
  }
}
