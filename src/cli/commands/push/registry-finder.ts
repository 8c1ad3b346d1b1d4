import type { Repository, RepositoryAddress } from '../../../ecr/repositories.ts';
import type { Connections } from '../../../net/connections.ts';
import type { RepositoryReference } from '../../../oci/reference.ts';
import { isRegistryId } from '../../../oci/reference.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { isNamedBy, learnRegistry } from '../../own-registry.ts';
import type { RegistryFacts } from '../../registry-facts.ts';
import { readFacts } from '../../registry-facts.ts';

/** What the result of a push says of the registry; what nobody told is undefined. */
export interface FoundRegistry {
  readonly alias: string | undefined;
  readonly registryId: string | undefined;
}

/** Finds out which alias and id the registry of a push has, as cheaply as it can be told. */
export class RegistryFinder {
  readonly #context: CommandContext;
  readonly #session: EcrSession;
  readonly #target: RepositoryReference;
  #created: RegistryFacts | undefined;
  #own: Promise<RegistryFacts | undefined> | undefined;
  /** Why the service did not tell; undefined when it did. */
  #problem: string | undefined;

  constructor(context: CommandContext, session: EcrSession, target: RepositoryReference) {
    this.#context = context;
    this.#session = session;
    this.#target = target;
  }

  /** For reading through the registry's own API. */
  get connections(): Connections {
    return this.#session.client.connections;
  }

  /** A repository that was made meanwhile tells it for nothing; before the first one a registry has no alias. */
  async learn(repository: Repository): Promise<void> {
    this.#created = readFacts(repository);
    await learnRegistry(this.#session, repository);
  }

  /**
   * The alias that the registry's paths have; undefined when nobody tells it, as of the id of another registry. Throws when
   * `signal` is aborted, and then asks anew the next time.
   */
  async findAlias(signal = this.#context.io.signal): Promise<string | undefined> {
    const given = this.#target.registryAlias;
    if (given !== undefined && !isRegistryId(given)) return given;
    const own = await this.#findOwn(signal);
    return given === undefined || given === own?.registryId ? own?.registryAlias : undefined;
  }

  /** For the result of a push: warns when it lacks the alias. `toldId` is what the service said in the push, if it did. */
  async find(toldId: string | undefined): Promise<FoundRegistry> {
    const given = this.#target.registryAlias;
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

  /** The repository as DescribeImages takes it; undefined where only the registry itself can be asked, another one than the caller's. */
  async findAddress(): Promise<RepositoryAddress | undefined> {
    const { registryAlias: given, repositoryName } = this.#target;
    if (given === undefined) return { repositoryName };
    if (isRegistryId(given)) return { registryId: given, repositoryName };
    const own = await this.#findOwn();
    return own !== undefined && isNamedBy(own, given)
      ? { registryId: own.registryId, repositoryName }
      : undefined;
  }

  /** Whether the push goes to a registry of the caller's; undefined when nobody tells. */
  async isOwn(): Promise<boolean | undefined> {
    if (this.#target.registryAlias === undefined) return true;
    const own = await this.#findOwn();
    return own && this.#isNamed(own);
  }

  #isNamed(own: RegistryFacts): boolean {
    const given = this.#target.registryAlias;
    return given === undefined || isNamedBy(own, given);
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
    try {
      const registry = await this.#session.askRegistry(signal);
      if (registry?.registryAlias === undefined) return undefined;
      const { registryId, registryAlias, activeAliases: aliases } = registry;
      return { registryId, registryAlias, aliases };
    } catch (error) {
      signal.throwIfAborted();
      // The push does not depend on it: there are credentials that may push and nothing else.
      this.#problem = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }
}
