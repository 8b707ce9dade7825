// What the sealed lock needs of others' work, as one classic script.
export { chacha20 } from "@noble/ciphers/chacha.js";
export { scrypt } from "@noble/hashes/scrypt.js";
