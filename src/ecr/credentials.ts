import type { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { HttpHandler } from '@smithy/core/protocols';
import { EcrpError } from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Credentials = Awaited<ReturnType<ReturnType<typeof fromNodeProviderChain>>>;
/** Makes what sends the requests of the services that give credentials: STS, SSO. */
export type MakeRequestHandler = () => HttpHandler;
type CredentialProvider = (options?: { readonly forceRefresh?: boolean }) => Promise<Credentials>;

export interface CredentialSource {
  readonly provide: CredentialProvider;
  /** Whether asking again can give others: keys in the environment stay what they are. */
  readonly refreshable: boolean;
}

/**
 * Where the credentials come from: the profile (`--profile`, AWS_PROFILE), else the keys of the environment, else the
 * whole AWS chain. `provide` throws AUTH when there are none.
 */
export function chooseCredentials(
  profile: string | undefined,
  env: Environment,
  makeRequestHandler?: MakeRequestHandler,
): CredentialSource {
  const chosen = profile ?? (env.AWS_PROFILE || undefined);
  const accessKeyId = env.AWS_ACCESS_KEY_ID;
  const secretAccessKey = env.AWS_SECRET_ACCESS_KEY;
  if (chosen === undefined && accessKeyId && secretAccessKey) {
    const sessionToken = env.AWS_SESSION_TOKEN;
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
    return { provide: async () => credentials, refreshable: false };
  }
  return { provide: provideFromChain(chosen, makeRequestHandler), refreshable: true };
}

function provideFromChain(
  profile: string | undefined,
  makeRequestHandler: MakeRequestHandler | undefined,
): CredentialProvider {
  let chain: ReturnType<typeof fromNodeProviderChain> | undefined;
  return async (options) => {
    try {
      if (!chain || options?.forceRefresh) {
        // The chain is heavy to load, and most calls in CI are made with keys from the environment.
        const providers = await import('@aws-sdk/credential-providers');
        chain = providers.fromNodeProviderChain({
          ...(profile === undefined ? {} : { profile }),
          ...(makeRequestHandler && { clientConfig: { requestHandler: makeRequestHandler() } }),
          ignoreCache: options?.forceRefresh === true,
          logger: silentLogger,
        });
      }
      return await chain();
    } catch (error) {
      throw explainMissing(profile, error);
    }
  };
}

function explainMissing(profile: string | undefined, cause: unknown): EcrpError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const message =
    profile === undefined
      ? `No AWS credentials: ${detail}`
      : `No AWS credentials for the profile '${profile}': ${detail}`;
  return new EcrpError('AUTH', message, {
    hint:
      profile === undefined
        ? 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile.'
        : `See what 'aws sts get-caller-identity --profile ${profile}' says; 'aws sso login' renews an SSO session.`,
    cause,
  });
}

/** The SDK warns on the console unless it is given a logger. */
export const silentLogger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};
