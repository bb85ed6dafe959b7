defmodule ShopWeb.PageController do
  use Phoenix.Controller, formats: []

  def index(conn, _params), do: text(conn, "shop, visit #{Shop.Counter.bump()}")

  def fast(conn, _params), do: text(conn, "ok")

  def slow(conn, params) do
    ms = params |> Map.get("ms", "1000") |> String.to_integer()
    Process.sleep(ms)
    text(conn, "slept #{ms}")
  end
end
