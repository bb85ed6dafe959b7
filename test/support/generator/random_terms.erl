%% Random terms of every kind, always the same for a seed, and what a node says about terms that come back to it.
-module(random_terms).
-export([start/0, batch/2, same/3, binaries/2, same_binaries/3, again/1, echo/0]).

%% What only this node can make is made once, so that a seed gives the same terms each time.
start() ->
    persistent_term:put(?MODULE, #{
        refs => [make_ref(), make_ref(), other_ref()],
        pids => [self(), whereis(init), whereis(kernel_sup)],
        ports => erlang:ports()
    }),
    register(echo, spawn(fun echo/0)),
    ok.

%% An alias has more words than other references; OTP 23 has none.
other_ref() ->
    case erlang:function_exported(erlang, alias, 0) of
        true -> apply(erlang, alias, []);
        false -> make_ref()
    end.

%% Sends every {From, Term} back as Term.
echo() ->
    receive
        {From, Term} -> From ! Term
    end,
    ?MODULE:echo().

batch(Seed, Count) ->
    rand:seed(exsss, Seed),
    [term(4) || _ <- lists:seq(1, Count)].

%% The terms that are not what the seed gives, at most three of them.
same(Seed, Count, Terms) ->
    differing(batch(Seed, Count), Terms).

%% Each term as bytes, in one of the ways that a node can be asked for.
binaries(Seed, Count) ->
    Options = [[], [], [], [compressed], [{minor_version, 0}], [{minor_version, 1}], [{minor_version, 2}]],
    [term_to_binary(Term, pick(Options)) || Term <- batch(Seed, Count)].

same_binaries(Seed, Count, Binaries) ->
    differing(batch(Seed, Count), [binary_to_term(Binary) || Binary <- Binaries]).

%% Each term through this node's own codec.
again(Binaries) ->
    [try term_to_binary(binary_to_term(Binary)) catch _:_ -> {refused, Binary} end || Binary <- Binaries].

differing(Wanted, Found) when length(Wanted) =:= length(Found) ->
    lists:sublist([Pair || {Want, Have} = Pair <- lists:zip(Wanted, Found), Want =/= Have], 3);
differing(_, Found) ->
    {length, length(Found)}.

term(0) ->
    leaf(rand:uniform(12));
term(Depth) ->
    case rand:uniform(3) of
        1 -> nest(rand:uniform(8), Depth - 1);
        _ -> leaf(rand:uniform(12))
    end.

leaf(1) -> rand:uniform(600) - 300;
leaf(2) -> sign() * bits(pick([31, 32, 33, 47, 48, 52, 53, 54, 59, 60, 63, 64, 65, 128, 2040, 2041, 4000]));
leaf(3) -> sign() * (1 bsl pick([0, 7, 8, 31, 32, 53, 63, 64, 2040])) + pick([-1, 0, 1]);
leaf(4) -> float();
leaf(5) -> pick([ok, error, nil, true, '', 'a b', 'Elixir.Shop.Counter', long(97), long(233), long(1091), long(128512)]);
leaf(6) -> list_to_atom([pick("abcdefgh") || _ <- few(2)]);
leaf(7) -> bytes(pick([0, 1, 5, 30, 63, 64, 65, 300]));
leaf(8) -> pick([bytes(rand:uniform(40)), bytes(4095), bytes(4096), bytes(rare(20000))]);
leaf(9) -> Size = rand:uniform(70), <<(bits(70)):Size>>;
leaf(10) -> identifier(rand:uniform(7));
leaf(11) -> fun_of(pick([lists, random_terms, 'Elixir.Enum']), pick([map, 'a b', '+']), rand:uniform(256) - 1);
leaf(12) -> [pick("text with \n \0 and \377") || _ <- few(20)].

nest(1, Depth) -> [term(Depth) || _ <- few(5)];
nest(2, Depth) -> list_to_tuple([term(Depth) || _ <- few(5)]);
nest(3, Depth) -> maps:from_list([{term(Depth), term(Depth)} || _ <- few(5)]);
nest(4, Depth) -> maps:from_list([{pick([id, name, 'Elixir.A', <<"text">>, 1, 1.0]), term(Depth)} || _ <- few(5)]);
nest(5, Depth) -> [term(Depth) || _ <- [1 | few(3)]] ++ leaf(rand:uniform(11));
nest(6, Depth) -> closure(rand:uniform(3), term(Depth), term(Depth));
nest(7, Depth) -> #{'__struct__' => 'Elixir.Shop.Item', value => term(Depth)};
nest(8, _) -> wide(rand:uniform(rare(5))).

wide(1) -> list_to_tuple(lists:seq(1, 300));
wide(2) -> maps:from_list([{Key * 7, <<Key>>} || Key <- lists:seq(1, 100)]);
wide(3) -> lists:duplicate(70000, 7);
wide(4) -> maps:from_list([{{Key, float(Key)}, [Key]} || Key <- lists:seq(1, 40)]);
wide(_) -> {}.

identifier(1) -> pick(maps:get(refs, persistent_term:get(?MODULE)));
identifier(2) -> pick(maps:get(pids, persistent_term:get(?MODULE)));
identifier(3) -> pick(maps:get(ports, persistent_term:get(?MODULE)));
identifier(4) -> external(<<88>>, <<(bits(28)):32, (bits(13)):32, (creation()):32>>);
identifier(5) -> external(<<89>>, <<(bits(28)):32, (creation()):32>>);
identifier(6) -> external(<<90, 3:16>>, <<(creation()):32, (bits(18)):32, (bits(32)):32, (bits(32)):32>>);
identifier(7) -> external(<<120>>, <<(bits(64)):64, (creation()):32>>).

external(Tag, Rest) ->
    Node = pick([<<"shop@host">>, <<"a@10.0.0.7">>, <<"b@[::1]">>]),
    Written = <<131, Tag/binary, 119, (byte_size(Node)), Node/binary, Rest/binary>>,
    try binary_to_term(Written) catch error:badarg -> none end. %% OTP 23 does not know all of them

creation() -> pick([1, 4, bits(32)]).

closure(1, A, _) -> fun() -> A end;
closure(2, A, B) -> fun(X, Y) -> {A, B, X, Y} end;
closure(3, A, _) -> fun Loop(X) -> Loop([A | X]) end.

fun_of(Module, Name, Arity) -> fun Module:Name/Arity.

float() ->
    case pick([special, integer, any]) of
        special -> pick([0.0, -0.0, 1.0, 0.1, 5.0e-324, 1.7976931348623157e308, 1.0e22, -1.5]);
        integer -> float(bits(60));
        any -> finite(bytes(8))
    end.

finite(<<Float/float>>) -> Float;
finite(_) -> 0.5.

long(Character) -> list_to_atom(lists:duplicate(255, Character)).
sign() -> pick([1, -1]).
bits(Count) -> binary:decode_unsigned(bytes((Count + 7) div 8)) band ((1 bsl Count) - 1).
few(Most) -> lists:seq(1, rand:uniform(Most + 1) - 1).
%% Mostly a small number, once in a while up to Most.
rare(Most) -> case rand:uniform(20) of 1 -> Most; _ -> 30 end.
pick(List) -> lists:nth(rand:uniform(length(List)), List).

%% OTP 23 has no rand:bytes/1.
bytes(Count) ->
    case erlang:function_exported(rand, bytes, 1) of
        true -> apply(rand, bytes, [Count]);
        false -> old_bytes(Count)
    end.

old_bytes(Count) ->
    Words = [<<(rand:uniform(1 bsl 56) - 1):56>> || _ <- lists:seq(1, Count div 7 + 1)],
    binary:part(iolist_to_binary(Words), 0, Count).
