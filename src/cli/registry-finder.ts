import type { Repository, RepositoryAddress } from '../ecr/repositories.ts';
import type { RepositoryReference } from '../oci/reference.ts';
import { isRegistryId } from '../oci/repository-name.ts';
import type { CommandContext } from './command-context.ts';
import type { EcrSession } from './ecr-session.ts';
import { addressPrivate, assertSameService, isNamedBy, learnRegistry } from './own-registry.ts';
import { type RegistryFacts, readFacts } from './registry-facts.ts';

/** The registry in the result of a push. Unknown members are undefined. */
export interface FoundRegistry {
  readonly alias: string | undefined;
  readonly registryId: string | undefined;
}

/** Finds the alias and id of the registry that a push goes to, as cheaply as possible. */
export class RegistryFinder {
  readonly #context: CommandContext;
  readonly #session: EcrSession;
  readonly #target: RepositoryReference;
  #created: RegistryFacts | undefined;
  #own: Promise<RegistryFacts | undefined> | undefined;
  /** Why DescribeRegistries failed; undefined if it did not. */
  #problem: string | undefined;

  /** Throws as `assertSameService` does. */
  constructor(context: CommandContext, session: EcrSession, target: RepositoryReference) {
    assertSameService(session, target);
    this.#context = context;
    this.#session = session;
    this.#target = target;
  }

  /** Learns the alias from a repository that was just created. A registry without repositories may have none before. */
  async learn(repository: Repository): Promise<void> {
    this.#created = readFacts(repository);
    await learnRegistry(this.#session, repository);
  }

  /**
   * The alias in the registry's paths; undefined when it is unknown, as for the id of another registry. Throws when `signal` is aborted; the
   * next call then asks again.
   */
  async findAlias(signal = this.#context.io.signal): Promise<string | undefined> {
    if (this.#target.privateRegistry !== undefined) return undefined;
    const given = this.#target.registryAlias;
    if (given !== undefined && !isRegistryId(given)) return given;
    const own = await this.#findOwn(signal);
    return given === undefined || given === own?.registryId ? own?.registryAlias : undefined;
  }

  /** For the result of a push. Warns when the alias is unknown. `toldId`: the id that the service stated in the push. */
  async find(toldId: string | undefined): Promise<FoundRegistry> {
    const { registryAlias: given, privateRegistry } = this.#target;
    if (privateRegistry !== undefined) {
      return { alias: undefined, registryId: privateRegistry.registryId ?? toldId };
    }
    const isAlias = given !== undefined && !isRegistryId(given);
    if (isAlias && (toldId !== undefined || !this.#context.style.json)) {
      return { alias: given, registryId: toldId };
    }
    const own = await this.#findOwn();
    if (this.#problem !== undefined) {
      this.#context.messages.warn(
        `cannot find the alias of your registry; references are printed without it: ${this.#problem}`,
      );
    }
    const isOwn = own !== undefined && this.#isNamed(own);
    const ownAlias = isOwn ? own.registryAlias : undefined;
    return {
      alias: isAlias ? given : (ownAlias ?? given),
      registryId: toldId ?? (isOwn ? own.registryId : isAlias ? undefined : given),
    };
  }

  /** The address for DescribeImages; undefined for another caller's registry, which that operation cannot describe by alias. */
  async findAddress(): Promise<RepositoryAddress | undefined> {
    const { registryAlias: given, repositoryName, privateRegistry } = this.#target;
    if (privateRegistry !== undefined) return addressPrivate(repositoryName, privateRegistry);
    if (given === undefined) return { repositoryName };
    if (isRegistryId(given)) return { registryId: given, repositoryName };
    const own = await this.#findOwn();
    return own !== undefined && isNamedBy(own, given)
      ? { registryId: own.registryId, repositoryName }
      : undefined;
  }

  /** Whether the registry is the caller's own; undefined when that is unknown. */
  async isOwn(): Promise<boolean | undefined> {
    if (this.#target.registryAlias === undefined) return true;
    const own = await this.#findOwn();
    return own && this.#isNamed(own);
  }

  #isNamed(own: RegistryFacts): boolean {
    const given = this.#target.registryAlias;
    return given === undefined || isNamedBy(own, given);
  }

  /** The caller's own registry: learned in this run or an earlier one, otherwise by one DescribeRegistries. */
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
    try {
      const registry = await this.#session.askRegistry(signal);
      if (registry?.registryAlias === undefined) return undefined;
      const { registryId, registryAlias, activeAliases: aliases } = registry;
      return { registryId, registryAlias, aliases };
    } catch (error) {
      signal.throwIfAborted();
      // The push works without the answer: some credentials may push and nothing else.
      this.#problem = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }
}
