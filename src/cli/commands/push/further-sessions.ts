import type { PrivateRegistry } from '../../../oci/private-host.ts';
import type { CommandContext } from '../../command-context.ts';
import { type EcrSession, type EcrSessionSettings, withEcr } from '../../ecr-session.ts';

/** Sessions of an archive whose names lead to other registries than the first session: one for each registry. */
export class FurtherSessions {
  readonly #context: CommandContext;
  readonly #settings: EcrSessionSettings;
  readonly #opened = new Map<string, Promise<EcrSession>>();
  readonly #ends: Promise<void>[] = [];
  readonly #closing = new AbortController();

  /** `settings`: those of the first session. */
  constructor(context: CommandContext, settings: EcrSessionSettings) {
    this.#context = context;
    this.#settings = settings;
  }

  /** Throws as `withEcr` does. */
  find(privateRegistry: PrivateRegistry): Promise<EcrSession> {
    const { registryHost } = privateRegistry;
    const session = this.#opened.get(registryHost) ?? this.#open(privateRegistry);
    this.#opened.set(registryHost, session);
    return session;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#ends);
  }

  #open(privateRegistry: PrivateRegistry): Promise<EcrSession> {
    const { signal } = this.#closing;
    return new Promise((resolve, reject) => {
      const use = async (session: EcrSession): Promise<void> => {
        resolve(session);
        if (signal.aborted) return;
        await new Promise((end) => signal.addEventListener('abort', end, { once: true }));
      };
      this.#ends.push(
        withEcr(this.#context, use, { ...this.#settings, place: { privateRegistry } }).catch(reject),
      );
    });
  }
}
