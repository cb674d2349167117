import { Agent, request } from 'node:https';

/** How to reach a server: a token, or a client certificate. */
export interface Access {
  readonly url: string;
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** As they came. */
  readonly bytes: number;
}

/** A plain HTTPS client with as many connections as asked for. Certificates of servers are not checked: all are our own. */
export class ApiClient implements Disposable {
  readonly #access: Access;
  readonly #agent: Agent;

  constructor(access: Access, connections = 16) {
    this.#access = access;
    const { cert, key } = access;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: connections,
      rejectUnauthorized: false,
      ...(cert === undefined ? {} : { cert, key }),
    });
  }

  send(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.#access.url}${path}`,
        {
          method,
          agent: this.#agent,
          headers: {
            ...(this.#access.token === undefined ? {} : { Authorization: `Bearer ${this.#access.token}` }),
            ...(body === undefined ? {} : { 'Content-Type': contentType }),
            ...headers,
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () => {
            const body = Buffer.concat(chunks);
            resolve({ status: incoming.statusCode ?? 0, text: body.toString(), bytes: body.length });
          });
          incoming.on('error', reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Throws when the answer is no success. */
  async must(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer> {
    const answer = await this.send(method, path, body, contentType);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
    return answer;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
