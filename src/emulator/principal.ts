/** Somebody who may call the API with a key of their own. */
export interface Principal {
  /** Its account, 12 digits: calls act on that account's registry unless they name another. */
  readonly registryId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Goes with temporary keys alone. */
  readonly sessionToken?: string | undefined;
  /** Epoch milliseconds; undefined: never. */
  readonly expiresAt?: number | undefined;
  /** As denials name it. */
  readonly arn: string;
  /** Patterns of IAM actions, `ecr-public:PutImage` or `ecr-public:*`. */
  readonly allowedActions: readonly string[];
}
