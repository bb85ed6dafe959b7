defmodule ShopWeb.MailController do
  use Phoenix.Controller, formats: [:json]

  def create(conn, %{"to" => to}) when is_binary(to) do
    {:ok, job} = Shop.Mailer.enqueue(to)
    conn |> put_status(202) |> json(%{job: job.id})
  end

  def create(conn, _params),
    do: conn |> put_status(422) |> json(%{errors: %{to: ["is a string"]}})
end
