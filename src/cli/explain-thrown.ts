import { EcrpError, type ErrorCode } from '../errors.ts';
import { describeFileError } from '../files/file-errors.ts';

/**
 * Turns anything that was thrown into an error for users. After an interruption, that is the interruption. Anything that is neither
 * an EcrpError nor a known failure of the machine is a bug: INTERNAL.
 */
export function toEcrpError(thrown: unknown, signal: AbortSignal): EcrpError {
  if (signal.aborted && signal.reason instanceof EcrpError) return signal.reason;
  if (thrown instanceof EcrpError) return thrown.code === 'INTERNAL' ? reconsider(thrown) : thrown;
  const known = explainLocalFailure(thrown);
  if (known !== undefined) {
    const { code, message, hint } = known;
    return new EcrpError(code, message, { hint, cause: thrown });
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new EcrpError('INTERNAL', `ecrp: unexpected failure: ${message}`, {
    hint: 'Report this bug with your command and its output with --verbose.',
    cause: thrown,
  });
}

/** Other code may have reported a failure of the machine as INTERNAL. */
function reconsider(error: EcrpError): EcrpError {
  const known = explainLocalFailure(error.cause);
  if (known === undefined) return error;
  const { operation, awsError, requestId, cause } = error;
  const message = operation === undefined ? known.message : `${operation}: ${known.message}`;
  return new EcrpError(known.code, message, { hint: known.hint, operation, awsError, requestId, cause });
}

// Known errors of Node, the system and packages, which are not bugs of ours, by kind.

interface Explained {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** Members of an error that identify its kind. */
interface Signs {
  readonly error: Error;
  readonly code: string;
  readonly syscall: string;
  readonly path: string | undefined;
}

interface Kind {
  readonly fits: (signs: Signs) => boolean;
  readonly code: ErrorCode;
  /** Makes the message. */
  readonly describe: (signs: Signs) => string;
  readonly hint: string;
}

const matches =
  (codes: RegExp) =>
  ({ code }: Signs): boolean =>
    codes.test(code);

const FILE_CODES =
  /^(EACCES|EBADF|EBUSY|EDQUOT|EEXIST|EFBIG|EINVAL|EIO|EISDIR|ELOOP|EMLINK|ENAMETOOLONG|ENODEV|ENOENT|ENOLCK|ENOSPC|ENOTDIR|ENOTEMPTY|ENOTSUP|EOVERFLOW|ENXIO|EPERM|EROFS|ESPIPE|ESTALE|ETXTBSY|EXDEV)$/;
const NETWORK_CODES =
  /^(ECONN\w+|EADDR\w+|EHOST\w+|ENET\w+|ENOTCONN|ENOTFOUND|ETIMEDOUT|EAI_\w+|EPIPE|EPROTO|HPE_\w+|UND_ERR_\w+|ERR_(SSL|TLS|HTTP2|SOCKET)_\w+|ERR_STREAM_PREMATURE_CLOSE|CERT_\w+|UNABLE_TO_\w+|(DEPTH_ZERO_)?SELF_SIGNED_\w+)$/;

/** The first one that fits applies. */
const kinds: readonly Kind[] = [
  {
    fits: ({ code }) => code.startsWith('commander.'),
    code: 'USAGE',
    describe: ({ error }) => error.message.replace(/^error: /, ''),
    hint: "Run 'ecrp --help'.",
  },
  {
    fits: ({ syscall }) => syscall === 'uv_cwd',
    code: 'INVALID_INPUT',
    describe: () => 'the current directory no longer exists',
    hint: 'Change to an existing directory, then run the command again.',
  },
  {
    fits: ({ syscall }) => /^(spawn|kill|fork)\b/.test(syscall),
    code: 'INVALID_INPUT',
    describe: ({ error, syscall, path }) => {
      return `cannot run ${path ?? (syscall.replace(/^\w+ ?/, '') || 'a program')}: ${describeFileError(error)}`;
    },
    hint: 'Check that the program is installed, on PATH, and executable for this user.',
  },
  {
    fits: matches(/^(EMFILE|ENFILE)$/),
    code: 'INVALID_INPUT',
    describe: describeWithPath,
    hint: "Raise the limit with 'ulimit -n', or lower --concurrency.",
  },
  {
    fits: isOfMemory,
    code: 'INVALID_INPUT',
    describe: ({ error }) => `not enough memory: ${error.message}`,
    hint: 'Free memory, lower --concurrency, or check whether an input is unusually large.',
  },
  {
    fits: matches(/^(ENOSPC|EDQUOT|EFBIG)$/),
    code: 'INVALID_INPUT',
    describe: describeWithPath,
    hint: 'Free space, or set TMPDIR to a directory with more.',
  },
  {
    // Errors of sockets and of host names have no path.
    fits: (signs) => matches(NETWORK_CODES)(signs) && signs.path === undefined,
    code: 'UNAVAILABLE',
    describe: ({ error, code }) => `the connection failed: ${error.message || code}`,
    hint: 'Check the network, DNS, the proxy and certificates, then run the command again.',
  },
  {
    fits: ({ error, code }) => /^(AbortError|TimeoutError)$/.test(error.name) || code === 'ABORT_ERR',
    code: 'UNAVAILABLE',
    describe: ({ error }) => `no answer in time: ${error.message}`,
    hint: 'Check the network, then run the command again.',
  },
  {
    fits: matches(/^(ELOCKED|ENOTACQUIRED|ECOMPROMISED|ERELEASED)$/),
    code: 'CONFLICT',
    describe: ({ error }) => `a file is locked by another process: ${error.message}`,
    hint: 'Wait for that process to end, then run the command again.',
  },
  {
    fits: (signs) => matches(FILE_CODES)(signs) || (signs.syscall !== '' && signs.path !== undefined),
    code: 'INVALID_INPUT',
    describe: describeWithPath,
    hint: 'Check that the path exists, that this user may access it, and that the disk is not full.',
  },
  {
    fits: matches(/^(Z_\w+|ZSTD_\w+|ERR_ZLIB_\w+|ERR_BROTLI_\w+)$/),
    code: 'INVALID_INPUT',
    describe: ({ error }) => `compressed data is damaged: ${error.message}`,
    hint: 'Save or download the file again.',
  },
  {
    fits: matches(
      /^(ERR_INVALID_URL|ERR_INVALID_FILE_URL\w*|ERR_UNESCAPED_CHARACTERS|ERR_INVALID_PROTOCOL)$/,
    ),
    code: 'INVALID_INPUT',
    describe: ({ error }) => `an address is malformed: ${error.message}`,
    hint: 'Check the addresses in options, in environment variables and in configuration files.',
  },
  {
    fits: matches(/^(ERR_INVALID_CHAR|ERR_HTTP_INVALID_HEADER_VALUE)$/),
    code: 'INVALID_INPUT',
    describe: ({ error }) => `a value cannot be sent in a request: ${error.message}`,
    hint: 'Remove line breaks and other control characters from options, environment variables and configuration files.',
  },
  {
    fits: ({ code, error }) => code === 'ERR_INVALID_ARG_VALUE' && /null bytes/.test(error.message),
    code: 'INVALID_INPUT',
    describe: () => 'a path contains a null byte',
    hint: 'Check the paths in options, environment variables and files.',
  },
  {
    // JSON.parse and decodeURIComponent throw these, so they are about data.
    fits: ({ error }) =>
      error instanceof URIError || (error instanceof SyntaxError && /JSON/.test(error.message)),
    code: 'INVALID_INPUT',
    describe: ({ error }) => `malformed data: ${error.message}`,
    hint: 'Check the input file. Add --verbose to see the last call of the API.',
  },
  {
    fits: ({ error }) => /^(CredentialsProviderError|TokenProviderError|ProviderError)$/.test(error.name),
    code: 'AUTH',
    describe: ({ error }) => `no credentials: ${error.message}`,
    hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or choose a profile with --profile.',
  },
];

/** Explains an error, or the first known one of its causes and parts. Undefined if none is known: a bug. */
function explainLocalFailure(thrown: unknown): Explained | undefined {
  for (const error of listErrors(thrown)) {
    const signs = readSigns(error);
    const kind = kinds.find(({ fits }) => fits(signs));
    if (kind !== undefined) return { code: kind.code, message: kind.describe(signs), hint: kind.hint };
  }
  return undefined;
}

/** Lists the error, its parts and its causes. The reason of `fetch failed` is one level below. */
function listErrors(thrown: unknown, depth = 0): readonly Error[] {
  if (!(thrown instanceof Error) || depth > 4) return [];
  const parts: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors : [];
  return [thrown, ...[...parts, thrown.cause].flatMap((each) => listErrors(each, depth + 1))];
}

function readSigns(error: Error): Signs {
  // os.userInfo() has the system's code one level below.
  const info = 'info' in error && typeof error.info === 'object' && error.info !== null ? error.info : {};
  const read = (name: string): string | undefined => {
    const value: unknown = Reflect.get(info, name) ?? Reflect.get(error, name);
    return typeof value === 'string' ? value : undefined;
  };
  return { error, code: read('code') ?? '', syscall: read('syscall') ?? '', path: read('path') };
}

function isOfMemory({ error, code }: Signs): boolean {
  return (
    /^(ENOMEM|ERR_STRING_TOO_LONG|ERR_BUFFER_TOO_LARGE|ERR_FS_FILE_TOO_LARGE|ERR_MEMORY_ALLOCATION_FAILED|ERR_WORKER_OUT_OF_MEMORY|ERR_WORKER_INIT_FAILED|Z_MEM_ERROR)$/.test(
      code,
    ) ||
    (error instanceof RangeError &&
      /allocation failed|Invalid (string|array) (buffer )?length/i.test(error.message))
  );
}

function describeWithPath({ error, path, syscall }: Signs): string {
  const reason = describeFileError(error);
  return path === undefined ? `${syscall || 'the system'} failed: ${reason}` : `${path}: ${reason}`;
}
