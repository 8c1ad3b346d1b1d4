import { describeRegistry } from '../../ecr/registries.ts';
import type { Repository } from '../../ecr/repositories.ts';
import type { CommandContext } from '../command-context.ts';
import type { EcrSession } from '../ecr-session.ts';
import type { RegistryFacts } from '../registry-cache.ts';
import { learnRegistry, readFacts } from '../repository-view.ts';

/** What the result of a push says of the registry; what nobody told is undefined. */
export interface FoundRegistry {
  readonly alias: string | undefined;
  readonly registryId: string | undefined;
}

/** Finds out which alias and id the registry of a push has, as cheaply as it can be told. */
export class RegistryFinder {
  readonly #context: CommandContext;
  readonly #session: EcrSession;
  readonly #givenAlias: string | undefined;
  #created: RegistryFacts | undefined;
  #own: Promise<RegistryFacts | undefined> | undefined;

  /** `givenAlias` is that of the reference; without one it is the caller's own registry. */
  constructor(context: CommandContext, session: EcrSession, givenAlias: string | undefined) {
    this.#context = context;
    this.#session = session;
    this.#givenAlias = givenAlias;
  }

  /** A repository that was made meanwhile tells it for nothing; before the first one a registry has no alias. */
  async learn(repository: Repository): Promise<void> {
    this.#created = readFacts(repository);
    await learnRegistry(this.#session, repository);
  }

  /** Throws when `signal` is aborted, and then asks anew the next time. */
  async findAlias(signal = this.#context.io.signal): Promise<string | undefined> {
    return this.#givenAlias ?? (await this.#findOwn(signal))?.registryAlias;
  }

  /** `toldId` is what the service said in the push, if it did. */
  async find(toldId: string | undefined): Promise<FoundRegistry> {
    const alias = this.#givenAlias;
    if (alias !== undefined && (toldId !== undefined || !this.#context.style.json)) {
      return { alias, registryId: toldId };
    }
    const own = await this.#findOwn();
    return {
      alias: alias ?? own?.registryAlias,
      registryId: toldId ?? (isGiven(own, alias) ? own?.registryId : undefined),
    };
  }

  /** Whether the push goes to the caller's own registry, the only one that the API tells about. */
  async isOwn(): Promise<boolean> {
    return this.#givenAlias === undefined || isGiven(await this.#findOwn(), this.#givenAlias);
  }

  /** What was learned, in this run or an earlier one, else one DescribeRegistries. */
  async #findOwn(signal = this.#context.io.signal): Promise<RegistryFacts | undefined> {
    if (this.#created !== undefined) return this.#created;
    this.#own ??= this.#recallOrAsk(signal);
    return this.#own;
  }

  async #recallOrAsk(signal: AbortSignal): Promise<RegistryFacts | undefined> {
    try {
      return (await this.#session.recallRegistry()) ?? (await this.#ask(signal));
    } catch (error) {
      this.#own = undefined;
      throw error;
    }
  }

  async #ask(signal: AbortSignal): Promise<RegistryFacts | undefined> {
    const { messages } = this.#context;
    try {
      const registry = await describeRegistry(this.#session.client, signal);
      if (registry?.registryAlias === undefined) return undefined;
      const facts = { registryId: registry.registryId, registryAlias: registry.registryAlias };
      await this.#session.rememberRegistry(facts);
      return facts;
    } catch (error) {
      signal.throwIfAborted();
      // The push does not depend on it: there are credentials that may push and nothing else.
      const reason = error instanceof Error ? error.message : String(error);
      messages.warn(
        `the alias of your registry cannot be told, so references are printed without it: ${reason}`,
      );
      return undefined;
    }
  }
}

function isGiven(own: RegistryFacts | undefined, alias: string | undefined): boolean {
  return alias === undefined || alias === own?.registryAlias || alias === own?.registryId;
}
