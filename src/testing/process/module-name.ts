/** How a test names a module. */

/** The module's atom: `Shop.Cart` is Elixir's `Elixir.Shop.Cart`, `shop_cart` is itself. */
export function moduleName(name: string): string {
  return /^[A-Z]/.test(name) && !name.startsWith("Elixir.") ? `Elixir.${name}` : name;
}
