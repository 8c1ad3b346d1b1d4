/**
 * An answer that the service does not give: a page, a redirect, or more than any operation answers. Usually something else
 * answers in its place, such as a captive portal.
 */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
  /** As the SDK puts them on its own errors. */
  readonly $metadata: { readonly httpStatusCode: number };
  readonly $response: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> };

  /** `problem` follows `ENDPOINT returned HTTP 200`, such as `with a web page`. */
  constructor(problem: string, status: number, headers: Readonly<Record<string, string>>) {
    super(problem);
    this.$metadata = { httpStatusCode: status };
    this.$response = { statusCode: status, headers };
  }
}
