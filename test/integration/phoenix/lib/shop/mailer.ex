defmodule Shop.Mailer do
  @moduledoc "Sends mails, in that it tells of them: by telemetry, and to the subscribers of `mails` on `Shop.PubSub`."
  use Oban.Worker, queue: :mails, max_attempts: 3

  @impl true
  def perform(%Oban.Job{id: id, args: %{"to" => to}}) do
    :telemetry.execute([:shop, :mail, :sent], %{count: 1}, %{to: to, job: id})
    Phoenix.PubSub.broadcast(Shop.PubSub, "mails", {:mail_sent, to})
  end

  def enqueue(to), do: %{to: to} |> new() |> Oban.insert()
end
