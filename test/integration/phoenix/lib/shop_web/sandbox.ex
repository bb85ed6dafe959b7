defmodule ShopWeb.Sandbox do
  @moduledoc """
  Lets a channel or a LiveView take part in the transaction of the test that opened it, in the release `e2e`.

  The test is told by its user agent. `outside/1` asks the database for nobody's test. In any other build both do nothing more.
  """

  @sandbox Application.compile_env(:shop, :sandbox)

  if @sandbox do
    def allow(user_agent), do: Phoenix.Ecto.SQL.Sandbox.allow(user_agent, @sandbox)
    def outside(fun), do: @sandbox.unboxed_run(Shop.Repo, fun)
  else
    def allow(_user_agent), do: :ok
    def outside(fun), do: fun.()
  end

  def on_mount(:default, _params, _session, socket) do
    allow(Phoenix.LiveView.get_connect_info(socket, :user_agent))
    {:cont, socket}
  end
end
