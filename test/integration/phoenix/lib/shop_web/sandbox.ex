defmodule ShopWeb.Sandbox do
  @moduledoc """
  Lets a channel or a LiveView take part in the transaction of the test that opened it, in the release `e2e`.

  The test is told by its user agent. `outside/1` asks the database for nobody's test. In any other build both do nothing more.
  """

  if Application.compile_env(:shop, :sandbox) do
    alias Ecto.Adapters.SQL.Sandbox

    def allow(user_agent), do: Phoenix.Ecto.SQL.Sandbox.allow(user_agent, Sandbox)
    def outside(fun), do: Sandbox.unboxed_run(Shop.Repo, fun)
  else
    def allow(_user_agent), do: :ok
    def outside(fun), do: fun.()
  end

  def on_mount(:default, _params, _session, socket) do
    allow(Phoenix.LiveView.get_connect_info(socket, :user_agent))
    {:cont, socket}
  end
end
