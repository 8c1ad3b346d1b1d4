/** Somebody who may call the API with a key of their own. */
export interface Principal {
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
