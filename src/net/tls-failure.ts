/** Codes of OpenSSL's and Node's errors about certificates and handshakes. */
const TLS_CODE = /^(ERR_)?(SSL|TLS|CERT|EPROTO|UNABLE|DEPTH|SELF|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH)/;

/** Whether a code says that no trusted connection was made. */
export function isTlsCode(code: string): boolean {
  return TLS_CODE.test(code);
}

/** Whether an error says so. */
export function isTlsFailure(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && isTlsCode(error.code);
}
