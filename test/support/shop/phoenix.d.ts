/** What the tests use of the npm `phoenix` client, which comes without types. */

declare module "phoenix" {
  export class Push {
    receive(status: "ok" | "error" | "timeout", then: (response: unknown) => void): Push;
  }

  export class Channel {
    join(): Push;
    leave(): Push;
    push(event: string, payload: object): Push;
  }

  export class Socket {
    constructor(endpoint: string, options: { readonly transport: unknown });
    connect(): void;
    disconnect(then: () => void): void;
    channel(topic: string): Channel;
    onClose(then: () => void): void;
  }
}
