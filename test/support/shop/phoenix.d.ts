/** What the tests use of the npm `phoenix` client, which comes without types. */

declare module "phoenix" {
  export class Push {
    receive(status: "ok" | "error" | "timeout", then: (response: unknown) => void): Push;
  }

  export class Channel {
    join(timeout?: number): Push;
    leave(): Push;
    push(event: string, payload: object, timeout?: number): Push;
    on(event: string, then: (payload: unknown) => void): number;
    onClose(then: () => void): void;
    onError(then: (reason?: unknown) => void): void;
  }

  /** Times in milliseconds. */
  export interface SocketOptions {
    readonly transport: unknown;
    readonly params?: object;
    readonly heartbeatIntervalMs?: number;
    readonly reconnectAfterMs?: () => number;
    readonly rejoinAfterMs?: () => number;
  }

  export class Socket {
    constructor(endpoint: string, options: SocketOptions);
    connect(): void;
    disconnect(then?: () => void): void;
    channel(topic: string, params?: object): Channel;
    /** Sends a heartbeat; false when the socket is not open. */
    ping(then: (milliseconds: number) => void): boolean;
    onClose(then: () => void): void;
    onError(then: () => void): void;
  }
}
