import type { ApiClient } from '../../../api/client.ts';
import type { Clock, Random } from '../../../api/clock.ts';
import type { Api } from '../../../api/object.ts';
import type { Pod } from '../pod-runtime.ts';
import { messageOf, VolumeError } from './volume-error.ts';

type TokenRequest = Api<'io.k8s.api.authentication.v1.TokenRequest'>;

const oldestMs = 24 * 3600_000;
const jitterMs = 10_000;
const defaultSeconds = 3600;

export interface TokenWish {
  readonly audience: string;
  readonly expirationSeconds: number | undefined;
}

export interface AccountTokenDeps {
  readonly client: Pick<ApiClient, 'request'>;
  readonly clock: Clock;
  readonly random: Random;
  onError(error: unknown): void;
}

/** A service account's token for a pod: fetched when it is needed, renewed before it runs out. */
export class AccountToken {
  readonly #deps: AccountTokenDeps;
  readonly #pod: Readonly<Pod>;
  readonly #wish: TokenWish;
  #text = '';
  #renewAt = 0;
  #expiresAt = 0;
  #fetching: Promise<void> | undefined;

  constructor(pod: Readonly<Pod>, wish: TokenWish, deps: AccountTokenDeps) {
    this.#deps = deps;
    this.#pod = pod;
    this.#wish = wish;
  }

  /** Empty before it has been fetched. One that is old is renewed behind the reader's back. */
  current(): string {
    if (this.#text !== '' && this.#deps.clock.now() >= this.#renewAt)
      void this.prepare().catch((error: unknown) => this.#deps.onError(error));
    return this.#text;
  }

  /** Resolves when there is one that is good. Throws VolumeError. */
  prepare(): Promise<void> {
    if (this.#text !== '' && this.#deps.clock.now() < this.#renewAt) return Promise.resolve();
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { client, clock, random } = this.#deps;
    const { metadata, spec } = this.#pod;
    const { audience, expirationSeconds = defaultSeconds } = this.#wish;
    const account = spec?.serviceAccountName ?? 'default';
    const request: TokenRequest = {
      spec: {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: metadata?.name ?? '', uid: metadata?.uid ?? '' },
      },
    };
    const path = `/api/v1/namespaces/${metadata?.namespace}/serviceaccounts/${account}/token`;
    try {
      const { status, spec: granted } = await client.request<TokenRequest>('POST', path, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        ...request,
      });
      const jitter = random.next() * jitterMs;
      const lifeMs = (granted?.expirationSeconds ?? expirationSeconds) * 1000;
      this.#expiresAt = Date.parse(status?.expirationTimestamp ?? '');
      const issuedAt = this.#expiresAt - lifeMs;
      this.#renewAt = Math.min(issuedAt + oldestMs, this.#expiresAt - lifeMs / 5) - jitter;
      this.#text = status?.token ?? '';
    } catch (error) {
      if (this.#text === '') throw new VolumeError(`failed to fetch token: ${messageOf(error)}`);
      if (clock.now() >= this.#expiresAt)
        throw new VolumeError(`token of "${account}" expired and refresh failed: ${messageOf(error)}`);
      this.#renewAt = clock.now() + jitterMs;
      this.#deps.onError(error);
    }
  }
}
