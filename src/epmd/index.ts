/** EPMD's protocol as bytes, without sockets. */

export {
  checkReplySize,
  decodeAliveReply,
  decodeNamesReply,
  decodePortReply,
  EPMD_PORT,
  encodeAliveRequest,
  encodeNamesRequest,
  encodePortRequest,
  type NodeAddress,
  type RegisteredNode,
} from "./codec.ts";
export { EpmdProtocolError } from "./errors.ts";
export {
  type AliveRequest,
  decodeRequest,
  type EpmdRequest,
  encodeAliveReply,
  encodeNamesReply,
  encodePortReply,
} from "./requests.ts";
