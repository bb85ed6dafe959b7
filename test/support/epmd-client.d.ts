declare module "epmd-client" {
  import { EventEmitter } from "node:events";

  /** The npm package that our own client must agree with. */
  export class Client extends EventEmitter {
    constructor(host: string, port: number);
    connect(): void;
    end(): void;
    getNode(name: string): void;
  }
}
