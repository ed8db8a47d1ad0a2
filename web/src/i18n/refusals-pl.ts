// SPDX-License-Identifier: MIT
// What the server says in English, in Polish: its refusals, by the sentence without its values
// (`message` of a problem), and what its model leaves out.
// {0} is the first value as it is, {n0} a number, {p0} something that is said in words and has its
// translation among the phrases. A test finds every sentence in the server's source.

import type { Refusals } from "../lib/refusal";

const sentences: Record<string, string> = {
  // The text of a document.
  "the text is empty; write a JSON object: { ... }": "tekst jest pusty; napisz obiekt JSON: { ... }",
  "the document must be an object: { ... }, not {0}": "dokument ma być obiektem: { ... }, a jest tu {p0}",
  "the document has {0} bytes; at most {1} are read, so make it shorter":
    "dokument zajmuje {n0} B, a czytanych jest najwyżej {n1} B; skróć go",
  "with all its numbers written out the document has {0} bytes; at most {1} are read, so make it shorter":
    "z wypisanymi wszystkimi liczbami dokument zajmuje {n0} B, a czytanych jest najwyżej {n1} B; skróć go",
  "line {0}, column {1}: lists and objects are nested more than {2} deep; nest them less":
    "wiersz {0}, kolumna {1}: listy i obiekty są zagnieżdżone głębiej niż {n2}; zagnieźdź je płycej",
  "line {0}, column {1}: this member is written twice in the same object; remove one of them":
    "wiersz {0}, kolumna {1}: to pole jest w obiekcie zapisane dwa razy; usuń jedno z nich",
  "line {0}, column {1}: {2}": "wiersz {0}, kolumna {1}: {p2}",

  // Fields and values.
  "'{0}' must be {1}, not {2}": "„{0}”: ma tu być {p1}, a jest {p2}",
  "'{0}' must have from {1} to {2} {3}, not {4}": "„{0}”: {p3} ma być od {n1} do {n2}, a jest {n4}",
  "unknown {0} {1}; {2}{3}": "nieznana nazwa ({p0}): {p1}; {p2}{p3}",
  "unknown field {0}; {1}": "nieznane pole {p0}; {p1}",
  "{0} must be an object: { ... }, not {1}": "{p0}: ma tu być obiekt: { ... }, a jest {p1}",
  "{0} lacks '{1}': {2}": "{p0}: brakuje pola „{1}”",
  "{0} needs one of {1}": "{p0}: trzeba jednego z pól {p1}",
  "{0} has either '{1}' or '{2}', not both": "{p0}: może mieć „{1}” albo „{2}”, nie oba",
  "{0} is already in the list; remove one": "{0} jest już na liście; usuń jedno z nich",

  // Strategies and gates.
  "'chunk' belongs to a pool of processes; with 'each' nothing is sent to them: remove one of the two":
    "„chunk” dotyczy puli procesów; przy „each” nic się im nie wysyła: usuń jedno z dwojga",
  "that makes {0} {1} in all processes; at most {2} can be run":
    "to daje we wszystkich procesach razem {n0} ({p1}), a uruchomić można najwyżej {n2}",
  "what would hold up the loop runs in threads or in processes: remove 'to_thread' or 'to_process'":
    "to, co wstrzymałoby pętlę, działa w wątkach albo w procesach: usuń „to_thread” lub „to_process”",
  "an event loop starts no processes: remove 'start' or add 'to_process'":
    "pętla zdarzeń nie uruchamia procesów: usuń „start” lub dodaj „to_process”",
  "jobs that arrive are submitted one by one, each when it is there; chunks are cut by map(), which needs all jobs at once: remove 'chunk', or give the jobs a 'count' in place of 'arrivals'":
    "zadania, które przychodzą, są wysyłane pojedynczo, gdy się pojawią; na porcje tnie je map(), które potrzebuje wszystkich naraz: usuń „chunk” albo zamiast „arrivals” podaj liczbę zadań „count”",
  "actors say themselves who runs what; remove 'strategies', or write the workload as 'jobs'":
    "aktorzy sami mówią, kto co wykonuje; usuń „strategies” albo opisz pracę jako „jobs”",
  "a gate without a bound always holds: write 'min', 'max' or both":
    "próg bez granicy jest zawsze spełniony: napisz „min”, „max” lub oba",
  "'min' is above 'max', so that no value would do": "„min” jest większe niż „max”, więc nie spełni tego żadna wartość",

  // Objects.
  '{0} needs its {1}; write {"{2}": 4}': '{p0}: trzeba podać {p1}; napisz {"{2}": 4}',
  "'{0}' has neither size nor sharing; write only \"{1}\"":
    "„{0}” nie ma ani rozmiaru, ani współdzielenia; napisz samo \"{1}\"",
  "the name of an object has 1 to {0} bytes": "nazwa obiektu zajmuje od 1 do {n0} B",
  'a shared object is a kind, such as "lock", or a kind and its size, such as {"queue": 100}, not {0}':
    'wspólny obiekt to rodzaj, jak "lock", albo rodzaj z rozmiarem, jak {"queue": 100}, a jest tu {p0}',
  "{0} is {1} {2}, which belongs to the main interpreter; here '{3}' needs {4} {5}":
    "{p0} to {2}, a ten należy do głównego interpretera; „{3}” potrzebuje tu: {p5}",
  "{0} is {1} {2}, which only tasks of an event loop can use; here '{3}' needs {4} {5}":
    "{p0} to {2}, którego mogą używać tylko zadania pętli zdarzeń; „{3}” potrzebuje tu: {p5}",
  "'{0}' is an operation of a {1}, and {2} is {3} {4}": "operację „{0}” ma {p1}, a {p2} to {4}",
  "'{0}' needs {1} {2}, and {3} is {4} {5}": "„{0}” potrzebuje: {p2}, a {p3} to {5}",
  "there is no object {0}; {1}{2}add {3}: {4}\"{5}\"{6} to 'objects' of the workload":
    'nie ma obiektu {p0}; {p1}{p2}dopisz {3}: {4}"{5}"{6} do „objects”',
  "{0} is {1} {2}, which passes items on as they are, without a copy; remove '{3}', or make it an interpreter_queue":
    "{p0} to {2}, który przekazuje elementy bez kopiowania; usuń „{3}” albo użyj interpreter_queue",

  // Times.
  "a distribution lacks 'dist': the law's name": "w rozkładzie brakuje pola „dist”: nazwy prawa",
  "'dist' must be a string, not {0}": "„dist”: ma tu być napis, a jest {p0}",
  "'weights' has {0} elements and 'values_us' {1}; write one weight for each value":
    "elementów „weights” jest {n0}, a „values_us” {n1}; podaj po jednej wadze dla każdej wartości",
  "one of the 'weights' must be above 0": "choć jedna z „weights” ma być większa od 0",
  "'max' must not be less than 'min'": "„max” nie może być mniejsze niż „min”",

  // Jobs, actors and their steps.
  "bursts lack 'burst': how many jobs arrive at once": "w seriach brakuje pola „burst”: ile zadań przychodzi naraz",
  "'burst' decides nothing here; remove it, or write \"dist\": \"bursts\", with exponential times between them, or \"dist\": \"constant\"":
    '„burst” o niczym tu nie decyduje; usuń je albo napisz "dist": "bursts" (z wykładniczymi odstępami) lub "dist": "constant"',
  "'warmup_s' must be less than 'for_s', or nothing is measured":
    "„warmup_s” ma być mniejsze niż „for_s”, inaczej nic nie zostanie zmierzone",
  "about {0} jobs would arrive; at most {1} can be run": "przyszłoby około {n0} zadań, a uruchomić można najwyżej {n1}",
  "more than {0} jobs would arrive": "przyszłoby więcej niż {n0} zadań",
  "'jobs' has either 'count' or 'arrivals', not both": "„jobs” może mieć „count” albo „arrivals”, nie oba",
  "'jobs' needs 'count', how many there are, or 'arrivals', how they come":
    "„jobs” potrzebuje „count” (ile ich jest) albo „arrivals” (jak przychodzą)",
  "with this there are {0} tasks; at most {1} can be run": "z tym zadań pętli jest {n0}, a uruchomić można najwyżej {n1}",
  "with this there are {0} threads; at most {1} can be run": "z tym wątków jest {n0}, a uruchomić można najwyżej {n1}",
  "a run ends when every actor that is not a daemon has ended, and here there is none; add one":
    "przebieg kończy się, gdy skończą wszyscy aktorzy, którzy nie są demonami, a tu takich nie ma; dodaj choć jednego",
  'here stand only tasks: {"task": "name", "steps": [...]}':
    'tu mogą być tylko zadania pętli: {"task": "nazwa", "steps": [...]}',
  "'{0}' cannot be used here: {1}": "„{0}” nie może tu stać: {p1}",
  "'forever' would keep the run from ending; set \"daemon\": true on the actor, or use 'repeat'":
    'z „forever” przebieg nigdy by się nie skończył; daj aktorowi "daemon": true albo użyj „repeat”',
  "a run with this step would never end; set \"daemon\": true on the actor, or use repeat":
    'przebieg z tym krokiem nigdy by się nie skończył; daj aktorowi "daemon": true albo użyj „repeat”',
  "'blocking' has a meaning in jobs only, actors do literally what their steps say; remove it":
    "„blocking” ma znaczenie tylko w „jobs”, aktorzy robią dosłownie to, co mówią ich kroki; usuń je",
  "a call with \"gil\": \"by_size\" lacks 'bytes': how much data it works on":
    'wywołaniu z "gil": "by_size" brakuje pola „bytes”: na ilu danych pracuje',
  "'bytes' decides nothing here; remove it, or write \"gil\": \"by_size\"":
    '„bytes” o niczym tu nie decyduje; usuń je albo napisz "gil": "by_size"',
  "with this there are more than {0} names of tasks and exceptions; use fewer, and 'count'":
    "z tym nazw zadań i wyjątków jest więcej niż {n0}; użyj mniej nazw i pola „count”",
  "no step spawns a task {0}; {1}": "żaden krok nie uruchamia zadania {p0}; {p1}",
  "a try step without 'except' and 'finally' changes nothing; add one, or write its steps alone":
    "krok try bez „except” i „finally” nic nie zmienia; dodaj któreś z nich albo napisz same jego kroki",
  "steps are nested more than {0} deep; nest them less": "kroki są zagnieżdżone głębiej niż {n0}; zagnieźdź je płycej",
  "nothing in '{0}' takes time on every machine and runtime, so that there the clock would stand still; add a step with a time above 0, such as python_us":
    "nic w „{0}” nie trwa na każdej maszynie i w każdym interpreterze, więc czas stałby w miejscu; dodaj krok z czasem większym od 0, na przykład python_us",
  "nothing after 'forever' is ever reached; remove it": "do tego, co stoi po „forever”, nigdy nie dojdzie; usuń to",
  "only a task of an event loop can await; use io_us or sleep_us in a thread":
    "czekać przez await może tylko zadanie pętli zdarzeń; w wątku użyj io_us lub sleep_us",
  "{0} of actor '{1}' share no objects with others{2}":
    "aktor „{1}” ({p0}) nie ma z innymi wspólnych obiektów{p2}",

  // The grid and its sweep.
  "a pointer is swept over a list of at least one value: [1, 2, 4]":
    "wskaźnik przebiega listę co najmniej jednej wartości: [1, 2, 4]",
  "the grid would have more than 10^18 cells; at most {0} are run, so sweep fewer values":
    "siatka miałaby ponad 10^18 komórek, a uruchamianych jest najwyżej {n0}; podaj mniej wartości w „sweep”",
  "the grid would have {0} cells ({1} runtimes x {2} strategies x {3} points); at most {4} are run, so sweep fewer values":
    "siatka miałaby komórek: {n0} (interpretery {n1} × strategie {n2} × punkty {n3}), a uruchamianych jest najwyżej {n4}; podaj mniej wartości w „sweep”",
  "{0} cells with {1} repetitions each make {2} runs; at most {3} are run, so repeat less or sweep fewer values":
    "komórki ({n0}) razy powtórzenia ({n1}) to przebiegi w liczbie {n2}, a uruchamianych jest najwyżej {n3}; zmniejsz liczbę powtórzeń albo wartości w „sweep”",
  "{0} cells of a document of {1} bytes are too much to expand; make the document or the grid smaller":
    "{n0} komórek dokumentu, który zajmuje {n1} B, to za dużo; zmniejsz dokument albo siatkę",
  'no cell of the grid is like that; the first one is runtime "{0}", strategy "{1}", point {2}':
    'takiej komórki w siatce nie ma; pierwsza to interpreter "{0}", strategia "{1}", punkt {2}',
  "this is the same in every cell and cannot be swept; what can be is inside {0}":
    "to jest takie samo w każdej komórce i nie da się tego zmieniać w „sweep”; da się to, co leży w {0}",
  "the list itself cannot be swept, only its elements, such as '/{0}/0'":
    "nie da się zmieniać w „sweep” samej listy, tylko jej elementy, na przykład „/{0}/0”",
  "a JSON pointer begins with '/', such as '/machine/cores'":
    "wskaźnik JSON zaczyna się od „/”, na przykład „/machine/cores”",
  "this document has nothing at {0}; write the field there first, or correct the pointer":
    "w tym dokumencie pod {p0} niczego nie ma; najpierw wpisz tam pole albo popraw wskaźnik",
  "{0} is swept too and contains this; sweep only one of them":
    "w „sweep” jest też {p0}, które to zawiera; zostaw tylko jedno z nich",
  "this value is in the list already; remove one": "ta wartość jest już na liście; usuń jedną z nich",

  // What a runtime does not have.
  "{0} has no {1} ({2} and later)": "{0} nie ma {1} (jest od {2})",
  "{0} has no asyncio.{1} (3.11 and later)": "{0} nie ma asyncio.{1} (jest od 3.11)",
  "{0} has no asyncio": "{0} nie ma asyncio",
  "{0} has no ProcessPoolExecutor": "{0} nie ma ProcessPoolExecutor",
  "{0} has no ThreadPoolExecutor": "{0} nie ma ThreadPoolExecutor",
  "{0} has no InterpreterPoolExecutor (3.14 and later)": "{0} nie ma InterpreterPoolExecutor (jest od 3.14)",
  "{0} has no interpreters with a GIL of their own (3.12 and later)":
    "{0} nie ma interpreterów z własnym GIL-em (są od 3.12)",
  "{0} has no eager tasks (3.12 and later)": "{0} nie ma zadań, które zaczynają od razu (są od 3.12)",
  "{0} starts processes by fork only (3.4 and later have others)":
    "{0} uruchamia procesy tylko przez fork (inne sposoby są od 3.4)",
  "more than {0} jobs that arrive are for sequential and threads only":
    "więcej niż {n0} zadań, które przychodzą, przyjmują tylko sequential i threads",
  "jobs that arrive are sent one by one; a chunk belongs to a batch":
    "zadania, które przychodzą, są wysyłane pojedynczo; porcje są dla zadań danych naraz",

  // Things that are not there, or not now.
  "there is nothing with the id '{0}'": "nie ma niczego o identyfikatorze „{0}”",
  "there is no {0} {1}": "{p0} {1}: nie ma go na tym serwerze",
  "there is no run {0}": "przebieg {0}: nie ma go na tym serwerze",
  "there is no cell {0}": "komórka {0}: nie ma jej na tym serwerze",
  "there is no experiment {0}": "eksperyment {0}: nie ma go na tym serwerze",
  "there is no note {0}": "notatka {0}: nie ma jej na tym serwerze",
  "there is no preset '{0}'; /api/v1/presets lists them":
    "nie ma przykładu „{0}”; wszystkie wymienia /api/v1/presets",
  "there is no such experiment": "nie ma takiego eksperymentu",
  "run r{0} has no lane {1}": "przebieg r{0} nie ma toru {1}",
  "no experiment of this document is interrupted": "żaden eksperyment z tego dokumentu nie jest przerwany",
  "experiment e{0} is {1}: only one that failed or was interrupted can be resumed; to run it anew, submit its document with again=true":
    "eksperyment e{0} ma stan „{p1}”: wznowić można tylko nieudany lub przerwany; aby uruchomić go od nowa, wyślij jego dokument z again=true",
  "experiment e{0} is {1}: only one that is queued or running can be cancelled":
    "eksperyment e{0} ma stan „{p1}”: anulować można tylko czekający lub trwający",
  "experiment e{0} is {1} and cannot become {2}": "eksperyment e{0} ma stan „{p1}”, z którego nie przejdzie w „{p2}”",
  "experiment e{0} is run by process {1}: end it there":
    "eksperyment e{0} jest uruchomiony przez proces {1}: zakończ go tam",
  "cell c{0} is {1} and cannot become {2}": "komórka c{0} ma stan „{p1}”, z którego nie przejdzie w „{p2}”",
  "experiment e{0} has not ended: it can be removed when it has":
    "eksperyment e{0} jeszcze się nie skończył: usunąć go można, gdy się skończy",
  "a timeline of experiment e{0} is being made: try again later":
    "powstaje właśnie oś czasu eksperymentu e{0}: spróbuj ponownie później",
  "nobody has asked for this of run r{0}: there is nothing to cancel":
    "nikt o to nie prosił w przebiegu r{0}: nie ma czego anulować",
  "run {0} has no result to be looked at": "przebieg {0} nie ma wyniku, który można by obejrzeć",
  "run {0} has no result to be repeated": "przebieg {0} nie ma wyniku, który można by powtórzyć",
  "run r{0} was made by engine {1}, this is engine {2}, which may give another result: submit the document again":
    "przebieg r{0} powstał w silniku {1}, a ten to {2} i może dać inny wynik: uruchom dokument jeszcze raz",
  "it was submitted to engine {0} and not run before the upgrade to {1}":
    "wysłano go do silnika {0} i nie uruchomiono przed zmianą na {1}",
  "there is no cell {0}, or none of its runs has ended":
    "nie ma komórki {0} albo nie skończył się żaden jej przebieg",
  "it has no cell {0}: the last one is {1}": "nie ma komórki {0}: ostatnia to {1}",
  "{0} cannot be compared with the first: {1} differs at {2}: {3} there, {4} here":
    "{0} nie da się porównać z pierwszą: {p1} różni się w {2}: tam {p3}, tu {p4}",
  "the document has more than one cell": "dokument ma więcej niż jedną komórkę",
  "stopped before it ended": "przerwano, zanim się skończyło",
  cancelled: "przerwane",

  // Limits.
  "{0} experiments are waiting already; submit again when one of them has begun":
    "w kolejce czeka już {n0} eksperymentów; wyślij ponownie, gdy któryś z nich się zacznie",
  "{0} experiments of this client are waiting already; submit again when one of them has begun":
    "w kolejce czeka już {n0} eksperymentów z tej strony; wyślij ponownie, gdy któryś z nich się zacznie",
  "{0} previews are running already": "działa już {n0} podglądów",
  "a preview has at most {0} runs, this document {1}: submit it, or ask for less":
    "podgląd ma najwyżej {n0} przebiegów, a ten dokument {n1}: uruchom go albo poproś o mniej",
  "the next preview of this client took its place": "jego miejsce zajął następny podgląd tej strony",
  "{0} others are being made already": "powstaje już {n0} innych",
  "{0} others are being made for this client already; ask again when one of them is there":
    "dla tej strony powstaje już {n0} innych; zapytaj ponownie, gdy któryś z nich będzie gotowy",
  "a file is being written already": "jakiś plik jest już zapisywany",
  "writing the file takes more than {0} s; 'gilscope export' on the command line has no limit, the export of one run has less to write":
    "zapis pliku trwa dłużej niż {n0} s; „gilscope export” w wierszu poleceń nie ma granicy, a w pliku jednego przebiegu jest mniej do zapisania",
  "{0} files are being sent already": "wysyłanych jest już {n0} plików",
  "the client has closed the connection": "klient zamknął połączenie",
  "query parameter 'format' is missing: it must be sqlite": "brakuje parametru „format”; ma nim być sqlite",
  "query parameter 'format' must be sqlite, not '{0}'": "parametr „format”: ma tu być sqlite, a jest „{0}”",
  "run {0} has no timeline": "przebieg {0} nie ma osi czasu",
  "{0} queries are running already": "działa już {n0} zapytań",
  "all {0} event streams are in use; close a page and try again":
    "zajętych jest wszystkich {n0} strumieni zdarzeń; zamknij jakąś stronę i spróbuj ponownie",
  "too many requests a second from one address; send fewer, or start the server with a larger --limit-rate":
    "za dużo żądań na sekundę z jednego adresu; wysyłaj ich mniej albo uruchom serwer z większym --limit-rate",
  "no thread is left that would run anything": "nie został żaden wątek, który mógłby coś uruchomić",
  "no experiment can be begun: {0}": "nie można zacząć żadnego eksperymentu: {0}",
  "nothing can be stored: {0}": "niczego nie można zapisać: {0}",
  "the server is stopping": "serwer właśnie się zatrzymuje",
  "the server is stopping; try again when it is back": "serwer właśnie się zatrzymuje; spróbuj ponownie, gdy wróci",

  // Names and notes.
  "'name' must be a string": "„name”: ma tu być napis",
  "'name' must not be empty": "nazwa nie może być pusta",
  "'name' must be at most {0} bytes long": "nazwa może zajmować najwyżej {n0} B",
  "the field 'name' is missing": "brakuje pola „name”",
  "only the name of an experiment can be changed": "w eksperymencie można zmienić tylko nazwę",
  "'{0}' must be a whole number from 0 to {1}": "„{0}”: ma tu być liczba całkowita od 0 do {n1}",
  "'from' must not be negative, and 'to' not before it": "„from” nie może być ujemne, a „to” mniejsze niż ono",
  "the experiment is not as If-Match says: read it again":
    "eksperyment nie jest taki, jak mówi If-Match: odczytaj go jeszcze raz",
  "run r{0} has no lane {1}: GET /runs/r{2}/lanes has those that it has, null is all of them":
    "przebieg r{0} nie ma ścieżki {1}: te, które ma, są w GET /runs/r{2}/lanes, a null to wszystkie",
  "the note is not as If-Match says: read it again": "notatka nie jest taka, jak mówi If-Match: odczytaj ją jeszcze raz",
  "unknown field: a note has text, from, to and lane": "nieznane pole: notatka ma text, from, to i lane",
  "the field 'text' is missing; of a bookmark it is empty": "brakuje pola „text”; zakładka ma je puste",
  "'text' must be a string; an empty one is a bookmark": "„text”: ma tu być napis; pusty oznacza zakładkę",
  "a note has at most {0} bytes of text": "tekst notatki może zajmować najwyżej {n0} B",
  "a run has at most {0} notes; remove one first": "przebieg może mieć najwyżej {n0} notatek; najpierw usuń którąś",

  // Queries in SQL.
  "a parameter is a number, a string, true, false or null": "parametr to liczba, napis, true, false albo null",
  "must be a list, not {0}": "ma tu być lista, a jest {p0}",
  "has at most {0} values": "może mieć najwyżej {n0} wartości",
  "must be a string, not {0}": "ma tu być napis, a jest {p0}",
  "must be a whole number from 1 to {0}": "ma tu być liczba całkowita od 1 do {n0}",
  "unknown field: there are query, params, limit": "nieznane pole: są query, params i limit",
  "the field 'query' is missing": "brakuje pola „query”",
  "two columns are called '{0}', which lines cannot show; name one with AS":
    "dwie kolumny nazywają się „{0}”, czego w wierszach nie da się pokazać; nazwij jedną przez AS",
  "{0}: a query may only read": "{0}: zapytanie może tylko czytać",
  "a query may only read": "zapytanie może tylko czytać",
  "the query took longer than {0} ms": "zapytanie trwało dłużej niż {n0} ms",
  "the query was cancelled": "zapytanie przerwano",
  "the query is too long": "zapytanie jest za długie",
  "there is no query": "nie ma żadnego zapytania",
  "one statement at a time, please": "po jednej instrukcji naraz",
  "the query has {0} parameters, {1} are given": "zapytanie ma {n0} parametrów, a podano {n1}",

  // Bodies.
  'the body must be {"token": "..."}': 'treść ma być {"token": "..."}',
  'unknown field: the body is {} or {"cancel": true}': 'nieznane pole: treść to {} albo {"cancel": true}',
  "must be true or false": "ma tu być true albo false",
  'unknown field: the body is {"patch": [...]}': 'nieznane pole: treść to {"patch": [...]}',
  "the field 'patch' is missing": "brakuje pola „patch”",
  "must be a JSON patch: a list of at least one operation": "ma tu być poprawka JSON: lista z co najmniej jedną operacją",
  "the patch leads to nothing in this document": "ta poprawka nie trafia w nic w tym dokumencie",
  "this is no JSON patch that can be applied": "tej poprawki JSON nie da się zastosować",
  "a JSON patch is a list of operations": "poprawka JSON to lista operacji",
  "Idempotency-Key is there twice; send one": "Idempotency-Key występuje dwa razy; wyślij jeden",
  "Idempotency-Key must be 1 to {0} printable ASCII characters without spaces":
    "Idempotency-Key to od 1 do {n0} drukowalnych znaków ASCII bez spacji",
  "this Idempotency-Key was used for another note": "tego Idempotency-Key użyto już dla innej notatki",
  "this Idempotency-Key was used for another document": "tego Idempotency-Key użyto już dla innego dokumentu",

  // Addresses.
  "query parameter '{0}' must be a whole number from {1} to {2}":
    "parametr adresu „{0}” ma być liczbą całkowitą od {n1} do {n2}",
  "query parameter '{0}' must be true or false": "parametr adresu „{0}” ma być true albo false",
  "query parameter 'client' must be 1 to {0} characters": "parametr adresu „client” ma mieć od 1 do {n0} znaków",
  "query parameter '{0}' must be lane ids separated by commas":
    "parametr adresu „{0}” to identyfikatory torów rozdzielone przecinkami",
  "query parameter 'cells' takes from 2 to {0} ids of cells: c1,c2":
    "parametr adresu „cells” to od 2 do {n0} identyfikatorów komórek: c1,c2",
  "query parameter 'cells' needs at least 2 ids of cells: c1,c2":
    "parametr adresu „cells” to co najmniej 2 identyfikatory komórek: c1,c2",
  "'{0}' is no topic; there are experiments, queue, and the ids of experiments and runs: e12, r7":
    "„{0}” nie jest tematem; są experiments, queue oraz identyfikatory eksperymentów i przebiegów: e12, r7",
  "query parameter 'topics' takes at most {0} topics, separated by commas: e12,r7,queue":
    "parametr adresu „topics” to najwyżej {n0} tematów rozdzielonych przecinkami: e12,r7,queue",
  "query parameter 'topics' names no topic": "parametr adresu „topics” nie wymienia żadnego tematu",
  "query parameter 'order' must be 'newest', 'oldest' or 'name'":
    "parametr adresu „order” to „newest”, „oldest” albo „name”",
  "query parameter 'status' must be words of 'queued', 'running', 'done', 'failed' and 'interrupted', separated by commas":
    "parametr adresu „status” to słowa „queued”, „running”, „done”, „failed” i „interrupted” rozdzielone przecinkami",
  "query parameter 'status' must be words of 'pending', 'running', 'done', 'failed', 'limited', 'not_applicable' and 'interrupted', separated by commas":
    "parametr adresu „status” to słowa „pending”, „running”, „done”, „failed”, „limited”, „not_applicable” i „interrupted” rozdzielone przecinkami",
  "query parameter 'point' must be a JSON object of values of the sweep":
    "parametr adresu „point” to obiekt JSON z wartościami przeglądu",
  "query parameter 'order' must be 'index' or a name that GET /metrics lists, with '-' before it for the largest first":
    "parametr adresu „order” to „index” albo nazwa z GET /metrics, a z „-” przed nią największe są pierwsze",
  "query parameter 'after' must be the 'next' of a page before, of the same order":
    "parametr adresu „after” to „next” poprzedniej strony w tej samej kolejności",
  "query parameter 'after' must be the 'next' of a page before": "parametr adresu „after” to „next” poprzedniej strony",
  "query parameter 'experiments' takes at most {0} ids, separated by commas":
    "parametr adresu „experiments” to najwyżej {n0} identyfikatorów rozdzielonych przecinkami",
  "query parameter 'metrics' must be names that GET /metrics lists, separated by commas; there is no '{0}'":
    "parametr adresu „metrics” to nazwy z GET /metrics rozdzielone przecinkami; nie ma wśród nich „{0}”",
  "query parameter 'parameters' must be names of parameters, separated by commas; there is no '{0}'":
    "parametr adresu „parameters” to nazwy parametrów rozdzielone przecinkami; nie ma wśród nich „{0}”",
  "query parameter 'at' is missing": "brakuje parametru adresu „at”",
  "query parameter 'direction' must be 'next' or 'previous'": "parametr adresu „direction” to „next” albo „previous”",
  "query parameter 'order' must be 'time' or 'longest'": "parametr adresu „order” to „time” albo „longest”",
  "query parameter 'lane' is missing": "brakuje parametru adresu „lane”",
  "query parameter 'states' must be words of states separated by commas":
    "parametr adresu „states” to nazwy stanów rozdzielone przecinkami",
  "query parameter 'kind' must be a kind of lanes": "parametr adresu „kind” to rodzaj torów",
  "query parameter '{0}' is longer than {1} bytes; ask for less at once":
    "parametr adresu „{0}” zajmuje więcej niż {n1} B; poproś o mniej naraz",
  "unknown query parameter '{0}'; this path knows: {1}": "nieznany parametr adresu „{0}”; ten adres zna: {p1}",
  "query parameter '{0}' is there twice; send it once": "parametr adresu „{0}” jest tu dwa razy; wyślij go raz",
  "a page has 1 to {0} items": "strona ma od 1 do {n0} pozycji",
  "the window must have 0 <= from < to": "okno ma mieć 0 <= from < to",
  "the range must have 0 <= from < to": "zakres ma mieć 0 <= from < to",
  "pixels must be 1 to {0}": "pixels ma być od 1 do {n0}",
  "limit must be 1 to {0}": "limit ma być od 1 do {n0}",
  "lane {0} is named twice or not in the run": "tor {0} jest wymieniony dwa razy albo nie ma go w przebiegu",

  // Requests as such.
  "there is nothing at this path": "pod tym adresem niczego nie ma",
  "this path answers {0}": "ten adres odpowiada na {0}",
  "the body must be application/json in UTF-8, without Content-Encoding":
    "treść ma być application/json w UTF-8, bez Content-Encoding",
  "the body is larger than {0} bytes": "treść zajmuje więcej niż {n0} B",
  "there are more than {0} headers": "nagłówków jest więcej niż {n0}",
  "this path takes no body": "ten adres nie przyjmuje treści",
  "this server answers to 127.0.0.1 and localhost, and to what it is told with --host NAME":
    "ten serwer odpowiada pod 127.0.0.1 i localhost oraz pod nazwami, które podano mu przez --host NAZWA",
  "requests from other sites are refused; use the page at http://{0}/, or a client that sends no Origin":
    "żądania z innych stron są odrzucane; użyj strony http://{0}/ albo programu, który nie wysyła Origin",
  "no details": "bez szczegółów",
  "that is not the token of this server": "to nie jest token tego serwera",
  'this server demands its token: send "Authorization: Bearer TOKEN", or sign in on the page':
    'ten serwer wymaga tokenu: wyślij "Authorization: Bearer TOKEN" albo zaloguj się na stronie',
};

/* Parts of sentences. {0} of the text is put where the translation has it; the first fit counts. */
const phrases: Record<string, string> = {
  "'{0}' or '{1}'": "'{0}' lub '{1}'",
  "'{0}'": "„{0}”",
  "did you mean '{0}'?": "czy chodziło o „{0}”?",
  "known: {0}": "znane: {0}",
  " If not, ": " Jeśli nie, ",
  none: "żadnych",
  nothing: "nic",
  "; those with workers are objects such as {\"asyncio\": 100}":
    '; te, które mają wykonawców, są obiektami, jak {"asyncio": 100}',
  "; those with a size are objects such as {\"semaphore\": 3}":
    '; te, które mają rozmiar, są obiektami, jak {"semaphore": 3}',

  // Kinds of values.
  "an object": "obiekt",
  "a list": "lista",
  "a string": "napis",
  "a number": "liczba",
  "a list of numbers: [ ... ]": "lista liczb: [ ... ]",
  "true or false": "true albo false",
  "a list: [ ... ]": "lista: [ ... ]",
  "an object: { ... }": "obiekt: { ... }",
  bytes: "bajtów",
  elements: "elementów",
  members: "pól",
  "a whole number of microseconds from {0} to {1}": "liczba całkowita mikrosekund od {n0} do {n1}",
  "a whole number of seconds from {0} to {1}": "liczba całkowita sekund od {n0} do {n1}",
  "a number of microseconds from {0} to {1}, or a distribution": "liczba mikrosekund od {n0} do {n1} albo rozkład",
  "a number of microseconds from {0} to {1}": "liczba mikrosekund od {n0} do {n1}",
  "a number of seconds from {0} to {1}, or a distribution": "liczba sekund od {n0} do {n1} albo rozkład",
  "a number of seconds from {0} to {1}": "liczba sekund od {n0} do {n1}",
  "a whole number from {0} to {1}": "liczba całkowita od {n0} do {n1}",
  "a number from {0} to {1}, or a distribution": "liczba od {n0} do {n1} albo rozkład",
  "a number from {0} to {1}": "liczba od {n0} do {n1}",

  // Kinds of names.
  text: "tekst",
  runtime: "interpreter",
  "machine profile": "profil maszyny",
  metric: "miara",
  strategy: "strategia",
  distribution: "rozkład",
  word: "słowo",
  "kind of object": "rodzaj obiektu",
  operation: "operacja",
  "way to start a process": "sposób uruchamiania procesu",
  "way to arrive": "sposób przychodzenia",
  experiment: "eksperyment",
  cell: "komórka",
  note: "notatka",
  run: "przebieg",
  time: "czas",
  size: "rozmiar",
  tasks: "zadania pętli",
  threads: "wątki",
  processes: "procesy",
  interpreters: "interpretery",
  ", but interpreter queues": " poza kolejkami między interpreterami",

  // Parts of a document.
  "the document": "dokument",
  "the workload": "praca",
  "the machine": "maszyna",
  "a runtime": "interpreter",
  "a strategy": "strategia",
  "a {0} strategy": "strategia {0}",
  "an {0} strategy": "strategia {0}",
  "threads of each process": "wątki każdego procesu",
  "a loop of each process": "pętla każdego procesu",
  "a workload of jobs": "praca z zadaniami",
  "a workload of actors": "praca z aktorami",
  "an actor": "aktor",
  "an actor that is a thread": "aktor, który jest wątkiem",
  "an actor that is an event loop": "aktor, który jest pętlą zdarzeń",
  "an actor that is an interpreter": "aktor, który jest interpreterem",
  "an actor that is a process": "aktor, który jest procesem",
  "a step": "krok",
  "a {0} step": "krok {0}",
  "an {0} step": "krok {0}",
  "a task": "zadanie",
  "a signal": "sygnał",
  "a gate": "próg",
  "a shared object": "wspólny obiekt",
  "a semaphore": "semafor",
  "a barrier": "bariera",
  "a queue": "kolejka",
  "an interpreter queue": "kolejka między interpreterami",
  "an object with a reference count": "obiekt z licznikiem referencji",
  "a dict": "słownik",
  "an asyncio semaphore": "semafor asyncio",
  "an asyncio queue": "kolejka asyncio",
  "a peer": "partner",
  "a constant time": "stały czas",
  "a distribution": "rozkład",
  "a uniform distribution": "rozkład jednostajny",
  "an exponential distribution": "rozkład wykładniczy",
  "a lognormal distribution": "rozkład lognormalny",
  "a Pareto distribution": "rozkład Pareta",
  "an empirical distribution": "rozkład empiryczny",

  // What to write instead of a step.
  "shared objects belong to threads and event loops of one interpreter; describe the work as such actors (interpreters can put into an interpreter_queue and get from it)":
    "wspólne obiekty należą do wątków i pętli zdarzeń jednego interpretera; opisz pracę jako takich aktorów (interpretery mogą wkładać do interpreter_queue i z niej brać)",
  "an await needs an event loop; here write 'io_us' or 'sleep_us', which in jobs is an await under asyncio":
    "await potrzebuje pętli zdarzeń; napisz tu „io_us” albo „sleep_us”, co w „jobs” jest pod asyncio oczekiwaniem przez await",
  "it needs a task of an event loop; here write its steps directly":
    "potrzebuje zadania pętli zdarzeń; napisz tu wprost jego kroki",
  "only tasks of an event loop start tasks, await sockets, have time-outs and raise exceptions":
    "tylko zadania pętli zdarzeń uruchamiają zadania, czekają na gniazda, mają limity czasu i zgłaszają wyjątki",
  "it stands directly in 'gather' or 'task_group'; elsewhere use 'spawn'":
    "stoi wprost w „gather” albo „task_group”; gdzie indziej użyj „spawn”",
  "a job, and what to_thread runs, must end; use 'repeat'":
    "zadanie i to, co wykonuje to_thread, muszą się skończyć; użyj „repeat”",

  // Syntax.
  "the text is not valid UTF-8; save it as UTF-8": "tekst nie jest poprawnym UTF-8; zapisz go jako UTF-8",
  "the text ends too early: a bracket, brace or quote is not closed":
    "tekst kończy się za wcześnie: jakiś nawias lub cudzysłów nie jest zamknięty",
  "text follows the end of the document; remove it": "za końcem dokumentu jest jeszcze tekst; usuń go",
  "a string contains the character NUL; remove it": "w napisie jest znak NUL; usuń go",
  "the number is too large; write a smaller one": "liczba jest za duża; napisz mniejszą",
  "this is no JSON; look for a missing comma or quote, a comma after the last element, or a word such as NaN or Infinity":
    "to nie jest JSON; poszukaj brakującego przecinka lub cudzysłowu, przecinka po ostatnim elemencie albo słowa w rodzaju NaN czy Infinity",

  // Comparisons and states.
  "the unit of work": "jednostka pracy",
  "the seed, and with it every random number,": "ziarno, a z nim każda liczba losowa,",
  "the work": "praca",
  queued: "w kolejce",
  running: "działa",
  done: "gotowy",
  failed: "nieudany",
  interrupted: "przerwany",
};

/* By the last word of the problem's type, for sentences about the inside of the server. */
const kinds: Record<string, string> = {
  "out-of-memory": "serwerowi zabrakło pamięci",
  "input-output": "serwer nie mógł czytać lub pisać",
  database: "baza danych serwera odmówiła",
  corrupt: "zapisane dane są uszkodzone",
};

const notModelled: Record<string, string> = {
  "imports, but for those of new processes and interpreters; the first call of anything":
    "importy, oprócz tych w nowych procesach i interpreterach; pierwsze wywołanie czegokolwiek",
  "CPU caches, memory bandwidth, cores of different speeds":
    "pamięci podręczne procesora, przepustowość pamięci, rdzenie o różnych szybkościach",
  "garbage: what the collector would find, and its finalizers":
    "śmieci: co znalazłby odśmiecacz, i ich finalizatory",
  "reference counts and locks of objects that the document does not name":
    "liczniki referencji i blokady obiektów, których dokument nie wymienia",
  "load balancing between cores, other programs on the machine":
    "równoważenie obciążenia rdzeni, inne programy na komputerze",
  "system calls of asyncio's transports around await_io_us; use peers for those":
    "wywołania systemowe transportów asyncio wokół await_io_us; do nich służą peers",
  "pages that a process copies after a fork; processes that die at work":
    "strony, które proces kopiuje po fork; procesy, które giną przy pracy",
  "exceptions in threads, and time-outs of their locks, events and queues":
    "wyjątki w wątkach oraz limity czasu ich blokad, zdarzeń i kolejek",
  "what becomes of the items of an interpreter that has ended; the locks inside their queues":
    "co dzieje się z elementami interpretera, który się zakończył; blokady wewnątrz ich kolejek",
  "deferred frees (QSBR) and the memory gate of free-threaded collections":
    "odroczone zwalnianie (QSBR) i próg pamięci zbiórek przy wolnych wątkach",
  "memory of the program's own data": "pamięć własnych danych programu",
  "the connections behind jobs that arrive: a full listen queue, clients that give up":
    "połączenia za nadchodzącymi zadaniami: pełna kolejka nasłuchu, klienci, którzy rezygnują",
};

export const refusals: Refusals = { sentences, phrases, kinds, notModelled };
