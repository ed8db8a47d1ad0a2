// SPDX-License-Identifier: MIT
// What the JSON Schema of documents says of each field, in Polish, by the sentence it says it with:
// a name can mean one thing here and another there, a sentence cannot. A test walks the schema.

export const schemaWords: Readonly<Record<string, string>> = {
  "the version of this format": "wersja tego formatu",
  "what the experiment is called": "jak nazywa się eksperyment",
  "what to look for, in a sentence or two": "na co zwrócić uwagę, w zdaniu lub dwóch",
  "where every random number comes from": "skąd biorą się wszystkie liczby losowe",
  "how many runs each cell has, with random numbers of their own":
    "ile przebiegów ma każda komórka, każdy z własnymi liczbami losowymi",
  "the metric by which cells are compared": "miara, według której porównuje się komórki",
  "hardware and operating system": "sprzęt i system operacyjny",
  "the runtime on which the times of Python code were measured":
    "interpreter, na którym zmierzono czasy kodu w Pythonie",
  "the interpreters to compare; the reference when not written":
    "porównywane interpretery; bez tego pola sam interpreter odniesienia",
  'who runs the jobs, "sequential" when not written; actors have none':
    "kto wykonuje zadania, bez tego pola „sequential”; aktorzy ich nie mają",
  "what is run: jobs or actors": "co jest wykonywane: zadania „jobs” lub aktorzy „actors”",
  "JSON pointers into this document, each with the values to try":
    "wskaźniki JSON do tego dokumentu, każdy z wartościami do wypróbowania",
  "what is kept of a run: its metrics, or its timeline too":
    "co zostaje z przebiegu: same miary czy także oś czasu",
  "where a run is cut off": "gdzie przebieg jest ucinany",
  "what must hold of the results": "co ma być prawdą o wynikach",
  "the machine whose constants are used where no other member says otherwise":
    "maszyna, której stałe obowiązują tam, gdzie inne pole nie mówi inaczej",
  "hardware threads that the machine has and the program may use":
    "wątki sprzętowe, które maszyna ma, a program może używać",
  "speed of each physical core when all are busy, where one busy core alone has speed 1; linear in between":
    "szybkość każdego rdzenia fizycznego, gdy zajęte są wszystkie; jeden zajęty ma szybkość 1; pomiędzy liniowo",
  "hardware threads of a physical core: with 2, cores 2k and 2k + 1 share one":
    "wątki sprzętowe rdzenia fizycznego: przy 2 dzielą go rdzenie 2k i 2k + 1",
  "speed of a hardware thread whose sibling is busy, where one alone has speed 1":
    "szybkość wątku sprzętowego, którego sąsiad jest zajęty; sam ma szybkość 1",
  "core time to go from one thread to another": "czas rdzenia na przejście od jednego wątku do innego",
  "from a wake-up until the thread runs, on a core that was idle for less than idle_after_us (median)":
    "od wybudzenia do chwili, w której wątek działa, na rdzeniu bezczynnym krócej niż idle_after_us (mediana)",
  "the same on a core idle for longer than idle_after_us":
    "to samo na rdzeniu bezczynnym dłużej niż idle_after_us",
  "the same on a core idle for longer than deep_after_us":
    "to samo na rdzeniu bezczynnym dłużej niż deep_after_us",
  "idle time after which a core leaves its shallow state":
    "czas bezczynności, po którym rdzeń opuszcza stan płytkiego uśpienia",
  "idle time after which a core is in its deep state":
    "czas bezczynności, po którym rdzeń jest w stanie głębokiego uśpienia",
  "sigma of the lognormal noise on each wake-up latency and on each timer's slack; 0 = none":
    "sigma lognormalnego szumu każdego opóźnienia wybudzenia i luzu każdego timera; 0 = bez szumu",
  "how much later than asked a timed wait ends: high-resolution timers expire at the far end of their slack; coalescing with other timers is not modelled":
    "o ile później, niż proszono, kończy się oczekiwanie na czas: dokładne timery działają na końcu swojego luzu; łączenia z innymi timerami model nie obejmuje",
  "the slack as a share of the wait, as long as that is less than timer_slack_us; 0 = timer_slack_us however short the wait":
    "luz jako część oczekiwania, dopóki to mniej niż timer_slack_us; 0 = timer_slack_us nawet przy najkrótszym oczekiwaniu",
  "time for which a running thread is protected while others want its core; 0 = as Linux does: 700 us x (1 + log2 of the number of cores, rounded down), the same for 8 and more":
    "czas, przez który działający wątek jest chroniony, choć jego rdzeń chcą mieć inne; 0 = jak w Linuksie: 700 µs × (1 + log2 liczby rdzeni, zaokrąglony w dół), tyle samo od 8 rdzeni wzwyż",
  "what the timer interrupt takes of a core at each tick; it counts where it decides a race: between a release of the tick GIL or of a lock and the acquisition after it":
    "ile czasu rdzenia zabiera przerwanie zegarowe przy każdym takcie; liczy się tam, gdzie rozstrzyga wyścig: między oddaniem taktowego GIL-a lub blokady a zajęciem zaraz potem",
  "sigma of the lognormal noise on tick_cost_us": "sigma lognormalnego szumu tick_cost_us",
  "the end of a slice, or of a quota, is noticed at a multiple of this; 0 = at once":
    "koniec kwantu czasu lub limitu procesora zauważa się w wielokrotności tego czasu; 0 = od razu",
  "core time that the program may use in a period, over all cores; then it is throttled; 0 = as much as there is":
    "czas rdzeni, którego program może użyć w jednym okresie, łącznie na wszystkich rdzeniach; potem jest zatrzymywany; 0 = tyle, ile jest",
  "the period in which quota_us may be used": "okres, w którym można użyć quota_us",
  "CPU time the waker pays to wake one thread; Mac: psynch_cvsignal in place of a futex":
    "czas procesora, który płaci budzący za wybudzenie jednego wątku; na Macu psynch_cvsignal zamiast futeksu",
  "CPU time of a futex wake when nobody sleeps": "czas procesora wybudzenia futeksem, gdy nikt nie śpi",
  "CPU time a woken thread pays to leave the wait":
    "czas procesora, który płaci wybudzony wątek, by wyjść z oczekiwania",
  "CPU time of a sched_yield() with nobody to yield to":
    "czas procesora sched_yield(), gdy nie ma komu ustąpić",
  "time to get a cache line that another core has written":
    "czas pobrania linii pamięci podręcznej, którą zapisał inny rdzeń",
  "a transfer of a cache line takes up to this share more or less, evenly spread":
    "przeniesienie linii pamięci podręcznej trwa o tyle (jako udział) dłużej lub krócej, rozłożone równomiernie",
  "CPU time of a short system call such as epoll_wait or a wake-up byte":
    "czas procesora krótkiego wywołania systemowego, jak epoll_wait lub bajt budzący pętlę",
  "megabytes (1,000,000 bytes) a second that a system call copies between the memory of a program and a pipe; 0 = takes no time":
    "ile megabajtów (1 000 000 bajtów) na sekundę kopiuje wywołanie systemowe między pamięcią programu a potokiem; 0 = w zerowym czasie",
  "CPU time of clone() in the creating thread": "czas procesora clone() w wątku, który tworzy nowy",
  "CPU time of fork() in the parent": "czas procesora fork() w procesie nadrzędnym",
  "an event loop's select() waits whole multiples of this, rounded up; 0 = any time":
    "select() pętli zdarzeń czeka wielokrotność tego czasu, zaokrąglając w górę; 0 = dowolny czas",
  "multiprocessing starts processes by spawn, from 3.8 on":
    "multiprocessing uruchamia procesy przez spawn, od 3.8",
  "CPU time of a child process from the end of its work until the parent knows":
    "czas procesora procesu potomnego od końca pracy do chwili, w której wie o tym nadrzędny",
  "the runtime whose parameters are used where no other member says otherwise":
    "interpreter, którego parametry obowiązują tam, gdzie inne pole nie mówi inaczej",
  "how long a thread waits for the GIL before it asks the holder to drop it":
    "jak długo wątek czeka na GIL, zanim poprosi posiadacza o oddanie",
  "after a drop on request the dropper waits until another thread has taken the GIL":
    "po oddaniu GIL-a na żądanie oddający czeka, aż weźmie go inny wątek",
  "time between two check points in pure Python": "czas między dwoma punktami kontrolnymi w czystym Pythonie",
  "check points lie also in straight-line code, so that `x += 1` can lose updates":
    "punkty kontrolne są także w kodzie bez skoków, więc `x += 1` może gubić aktualizacje",
  "a check point lies between __enter__ of a with statement and its body":
    "punkt kontrolny jest między __enter__ instrukcji with a jej blokiem",
  "threading.Lock: 0 = POSIX semaphore, 1 = PyMutex": "threading.Lock: 0 = semafor POSIX, 1 = PyMutex",
  "free-threaded build: its GIL is switched on, as by PYTHON_GIL=1 or by an extension module that does not declare Py_mod_gil; no meaning for other builds":
    "wersja bez GIL-a: GIL jest włączony, jak przez PYTHON_GIL=1 lub moduł rozszerzenia bez Py_mod_gil; w innych wersjach bez znaczenia",
  "interpreters of one process can have a GIL of their own":
    "interpretery jednego procesu mogą mieć własny GIL",
  "making an interpreter, in the thread that uses it, with its GIL held":
    "utworzenie interpretera, w wątku, który go używa, z jego GIL-em",
  "concurrent.futures.InterpreterPoolExecutor exists in this runtime":
    "ten interpreter ma concurrent.futures.InterpreterPoolExecutor",
  "importing the job's module with all that it imports, in each interpreter at its first call":
    "import modułu zadania ze wszystkim, co on importuje, w każdym interpreterze przy pierwszym wywołaniu",
  "ending an interpreter, in its thread at the shutdown of the pool, with its GIL held":
    "zakończenie interpretera, w jego wątku przy zamykaniu puli, z jego GIL-em",
  "one call of a function in another interpreter, besides pickling: a third before it enters, a third inside, a third after it has left":
    "jedno wywołanie funkcji w innym interpreterze, poza pickle: jedna trzecia przed wejściem, jedna trzecia w środku, jedna trzecia po wyjściu",
  "concurrent.interpreters.create_queue exists in this runtime":
    "ten interpreter ma concurrent.interpreters.create_queue",
  "C code of one put() or get() of a queue between interpreters, besides its data":
    "kod w C jednego put() lub get() kolejki między interpreterami, poza danymi",
  "C code that makes and raises QueueEmpty or QueueFull, besides interpreter_queue":
    "kod w C, który tworzy i zgłasza QueueEmpty lub QueueFull, poza interpreter_queue",
  "C calls that release the GIL by size keep it for fewer bytes":
    "wywołania C, które oddają GIL zależnie od rozmiaru, zatrzymują go przy mniejszej liczbie bajtów",
  "Python code of Queue.put() or get() besides its locks and waits":
    "kod w Pythonie Queue.put() lub get(), poza blokadami i oczekiwaniem",
  "Python code of Semaphore.release() besides its locks; other functions of threading.py by their number of opcodes":
    "kod w Pythonie Semaphore.release(), poza blokadami; inne funkcje threading.py według liczby instrukcji kodu bajtowego",
  "counting a reference with a plain addition": "zliczenie referencji zwykłym dodawaniem",
  "counting a reference with an atomic operation on a line of one's own cache":
    "zliczenie referencji operacją atomową na linii we własnej pamięci podręcznej",
  "None, True and small integers are not counted": "None, True i małych liczb się nie zlicza",
  "every count of a reference is an atomic operation, whoever makes it":
    "każde zliczenie referencji jest operacją atomową, ktokolwiek je robi",
  "atomic_refcounts: how often 1 us of bytecode counts a reference":
    "atomic_refcounts: ile razy 1 µs kodu bajtowego zlicza referencję",
  "atomic_refcounts: how many of these are of objects that all threads use: None, small integers, code, functions":
    "atomic_refcounts: ile z nich dotyczy obiektów, których używają wszystkie wątki: None, małych liczb, kodu, funkcji",
  "merging the two counts of an object that another thread has dropped, and freeing it":
    "połączenie obu liczników obiektu, który porzucił inny wątek, i zwolnienie go",
  "who drops an object of a thread that is detached merges its counts itself":
    "kto porzuca obiekt wątku, który nie wykonuje Pythona, sam łączy jego liczniki",
  "the collector runs by itself; false: gc.disable()": "odśmiecacz działa sam; false: gc.disable()",
  "0 = generational, 1 = incremental, 2 = free-threaded: all objects, the world stands still":
    "0 = pokoleniowy, 1 = przyrostowy, 2 = bez GIL-a: wszystkie obiekty, wszystko stoi",
  "allocations less releases of objects that are tracked before a collection; 0 = never":
    "o ile więcej śledzonych obiektów utworzono niż zwolniono, zanim zacznie się odśmiecanie; 0 = nigdy",
  "collections of generation 0 before one of generation 1; free-threaded: 0 = do not wait for a quarter of the survivors":
    "ile odśmiecań pokolenia 0 przypada na jedno pokolenia 1; bez GIL-a: 0 = nie czeka na jedną czwartą obiektów, które przetrwały",
  "collections of generation 1 before one of generation 2":
    "ile odśmiecań pokolenia 1 przypada na jedno pokolenia 2",
  "a collection waits for the next check point; false: it runs inside the allocation":
    "odśmiecanie czeka na najbliższy punkt kontrolny; false: działa w chwili tworzenia obiektu",
  "time of a collection for each object it looks at": "czas odśmiecania na każdy obejrzany obiekt",
  "objects that are tracked before the program makes any; 0: after gc.freeze()":
    "obiekty śledzone, zanim program utworzy własne; 0: po gc.freeze()",
  "making a list of one item and keeping it": "utworzenie i zachowanie listy z jednym elementem",
  "giving it back": "oddanie jej",
  "locking, or unlocking, an object that nobody else wants":
    "zajęcie lub zwolnienie blokady obiektu, którego nie chce nikt inny",
  "CPU time of an uncontended acquire() or release()":
    "czas procesora acquire() lub release() bez konkurencji",
  "CPU time of an uncontended acquire() or release() of an RLock":
    "czas procesora acquire() lub release() blokady RLock bez konkurencji",
  "PyMutex: how often a thread yields before it parks":
    "PyMutex: ile razy wątek ustępuje rdzeń, zanim zaśnie",
  "PyMutex: after so many yields a thread looks at the lock again, 0 = after the last":
    "PyMutex: po tylu ustąpieniach wątek znowu zagląda do blokady, 0 = po ostatnim",
  "CPU time of an uncontended take_gil or drop_gil": "czas procesora take_gil lub drop_gil bez konkurencji",
  "time of pure Python on this runtime, CPython 3.12 = 1":
    "czas czystego Pythona w tym interpreterze, CPython 3.12 = 1",
  "Python code of Thread.start() in the starting thread":
    "kod w Pythonie Thread.start() w wątku, który uruchamia",
  "Python code in the new thread before its target runs":
    "kod w Pythonie w nowym wątku, zanim zacznie się jego funkcja",
  "Python code of Thread.join() in the joining thread": "kod w Pythonie Thread.join() w wątku, który czeka",
  "Python code of a ThreadPoolExecutor worker per job, result() in the caller by its number of opcodes":
    "kod w Pythonie wątku roboczego ThreadPoolExecutor na jedno zadanie; result() u wywołującego według liczby instrukcji",
  "Python code of ThreadPoolExecutor.submit()": "kod w Pythonie ThreadPoolExecutor.submit()",
  "ThreadPoolExecutor: a worker says that it is idle 0 = never, 1 = after each job, 2 = when it finds no job; submit() starts no worker while one is idle":
    "ThreadPoolExecutor: kiedy wątek roboczy zgłasza, że jest wolny: 0 = nigdy, 1 = po każdym zadaniu, 2 = gdy nie ma zadania; submit() nie uruchamia wątku, dopóki któryś jest wolny",
  "SimpleQueue.put() gives its item to the thread that has waited longest":
    "SimpleQueue.put() oddaje element wątkowi, który czekał najdłużej",
  "threading.Barrier exists in this runtime": "ten interpreter ma threading.Barrier",
  "queue.SimpleQueue exists in this runtime": "ten interpreter ma queue.SimpleQueue",
  "so many workers a core has the pool of a loop that nobody gives a size; 0: as many as cores and 4 more, at most 32":
    "ile wątków roboczych na rdzeń ma pula pętli, której nikt nie podał rozmiaru; 0: tyle, ile rdzeni, i jeszcze 4, najwyżej 32",
  "concurrent.futures.ThreadPoolExecutor exists in this runtime":
    "ten interpreter ma concurrent.futures.ThreadPoolExecutor",
  "asyncio exists in this runtime": "ten interpreter ma asyncio",
  "asyncio.TaskGroup and asyncio.timeout() exist in this runtime":
    "ten interpreter ma asyncio.TaskGroup i asyncio.timeout()",
  "asyncio.eager_task_factory exists in this runtime": "ten interpreter ma asyncio.eager_task_factory",
  "asyncio.wait_for(): 0 = timeout(), 1 = makes a task of what it waits for, and ends as that does; 2 = drops what the cancelled task ends with, 3 = waits for it only when the time is over, 4 = never":
    "asyncio.wait_for(): 0 = timeout(), 1 = robi zadanie z tego, na co czeka, i kończy się tak jak ono; 2 = odrzuca to, czym kończy się anulowane zadanie, 3 = czeka na nie tylko po upływie czasu, 4 = nigdy",
  "asyncio.Semaphore: a released permit is 0 = whoever's who comes first, 1 = the first waiter's until its step, 2 = the first waiter's; 3 = the same, and whoever ends a wait wakes as many as there are permits":
    "asyncio.Semaphore: zwolnione miejsce należy do 0 = tego, kto pierwszy przyjdzie, 1 = pierwszego czekającego do jego kroku, 2 = pierwszego czekającego; 3 = tak samo, a kto kończy czekanie, budzi tylu, ile jest miejsc",
  "`except Exception` catches CancelledError, and a task that was cancelled can go on":
    "`except Exception` łapie CancelledError, a anulowane zadanie może działać dalej",
  "asyncio.TaskGroup.create_task() calls the done callback of an eager task that has ended in its first step; false: it is scheduled":
    "asyncio.TaskGroup.create_task() sam wywołuje callback zakończenia zadania „eager”, które skończyło się w pierwszym kroku; false: callback trafia do kolejki",
  "an asyncio.TaskGroup that fails while it is left takes its cancellation of the parent back, and passes on one that came from outside":
    "asyncio.TaskGroup, która zawodzi przy wychodzeniu, wycofuje swoje anulowanie zadania nadrzędnego i przekazuje dalej to, które przyszło z zewnątrz",
  "wait() of an asyncio.Condition that is cancelled notifies another waiter":
    "anulowane wait() na asyncio.Condition powiadamia innego czekającego",
  "event loops are uvloop's: libuv in place of Python for everything but tasks, timers of whole milliseconds, one acquisition of the GIL for a poll and its first callback, writes that keep the GIL":
    "pętle zdarzeń to uvloop: libuv zamiast Pythona wszędzie poza zadaniami, timery co do całej milisekundy, jedno zajęcie GIL-a na odpytanie i pierwszy callback, zapisy bez oddawania GIL-a",
  "time of uvloop's own code, of what asyncio's Python takes for the same":
    "czas własnego kodu uvloop jako część czasu, który na to samo potrzebuje Python w asyncio",
  "removing cancelled timers from the heap, for each timer in it":
    "usuwanie anulowanych timerów z kopca, na każdy timer w kopcu",
  "asyncio.run(): making and closing the event loop": "asyncio.run(): utworzenie i zamknięcie pętli zdarzeń",
  "Python code of one _run_once besides select() and the handles":
    "kod w Pythonie jednego _run_once, poza select() i uchwytami",
  "running one handle besides what its callback does":
    "wykonanie jednego uchwytu, poza tym, co robi jego callback",
  "create_task()": "create_task()",
  "Task.__step: into the coroutine and back": "Task.__step: wejście do korutyny i powrót",
  "a timer with its future: heap push and done callback":
    "timer ze swoim obiektem future: wstawienie do kopca i callback zakończenia",
  "call_soon_threadsafe() besides the send on the self-pipe":
    "call_soon_threadsafe(), poza wysłaniem do własnego potoku",
  "reading the self-pipe besides its two recv calls": "odczyt własnego potoku, poza dwoma wywołaniami recv",
  "Process.start() in the parent besides fork()": "Process.start() w procesie nadrzędnym, poza fork()",
  "Python code in a forked child before its target runs":
    "kod w Pythonie w procesie potomnym po fork, zanim zacznie się jego funkcja",
  "Python code of a ProcessPoolExecutor per item (a chunk of jobs): submit(), manager, feeder and worker by their numbers of opcodes, 5, 76, 8 and 11 % of it":
    "kod w Pythonie ProcessPoolExecutor na element (porcję zadań): submit(), wątek zarządzający, wątek wysyłający i proces roboczy według liczby instrukcji: 5, 76, 8 i 11 % tego czasu",
  "how multiprocessing starts a process: 0 = fork, 1 = fork, but spawn on macOS, 2 = forkserver, but spawn on macOS":
    "jak multiprocessing uruchamia proces: 0 = fork, 1 = fork, ale spawn na macOS, 2 = forkserver, ale spawn na macOS",
  "a process can also be started by spawn and by forkserver":
    "proces można uruchomić także przez spawn i forkserver",
  "ProcessPoolExecutor: submit() starts a process when none is idle, unless by fork; false: the first submit() starts all of them":
    "ProcessPoolExecutor: submit() uruchamia proces, gdy żaden nie jest wolny, chyba że przez fork; false: pierwsze submit() uruchamia wszystkie",
  "starting an interpreter in a new process, until it can be told what to do: of a spawned process, and of the fork server":
    "start interpretera w nowym procesie, aż można mu powiedzieć, co ma robić: w procesie uruchomionym przez spawn i w serwerze fork",
  "Python code of a child of the fork server, besides process_bootstrap_us and import_us":
    "kod w Pythonie procesu potomnego serwera fork, poza process_bootstrap_us i import_us",
  "importing `__main__` with all that it imports: in each spawned process and each child of the fork server":
    "import `__main__` ze wszystkim, co importuje: w każdym procesie uruchomionym przez spawn i w każdym potomnym serwera fork",
  "pickling a call or a result, besides its bytes":
    "zapis wywołania lub wyniku przez pickle, poza jego bajtami",
  "unpickling a call or a result, besides its bytes":
    "odczyt wywołania lub wyniku przez pickle, poza jego bajtami",
  "megabytes (1,000,000 bytes) a second that pickle or unpickle of the jobs' payload, with the GIL; 0 = takes no time":
    "ile megabajtów (1 000 000 bajtów) na sekundę zapisuje lub odczytuje pickle z danych zadań, z GIL-em; 0 = w zerowym czasie",
  "memory of a process with its interpreter and its main thread":
    "pamięć procesu z interpreterem i wątkiem głównym",
  "memory that a forked child does not share with its parent":
    "pamięć, której proces potomny po fork nie dzieli z nadrzędnym",
  "memory of each interpreter with a GIL of its own besides the main one; not of a free-threaded build's":
    "pamięć każdego interpretera z własnym GIL-em poza głównym; nie w wersji bez GIL-a",
  "memory of each thread but the main one": "pamięć każdego wątku poza głównym",
  "memory of asyncio, once in a process with an event loop": "pamięć asyncio, raz w procesie z pętlą zdarzeń",
  "memory of a task that waits for a timer": "pamięć zadania pętli, które czeka na timer",
  "the number of transitions after which a run ends; 256 actions that change no lane count as one":
    "liczba przejść między stanami, po której przebieg się kończy; 256 działań, które nie zmieniają żadnego toru, liczy się jako jedno",
  "the virtual time after which a run ends": "czas wirtualny, po którym przebieg się kończy",
  "the number of spans, recorded or not, after which a run ends":
    "liczba odcinków, zapisanych lub nie, po której przebieg się kończy",
  "the metric that is looked at": "miara, na którą się patrzy",
  "the smallest value that will do": "najmniejsza dopuszczalna wartość",
  "the largest value that will do": "największa dopuszczalna wartość",
  "what must hold: the median of the repetitions, or every one of them":
    "co ma spełniać warunek: mediana powtórzeń czy każde z nich",
  "the cells in which it must hold, all when not written":
    "komórki, w których ma to być prawdą; bez tego pola wszystkie",
  "a runtime, with or without what is overridden in it": "interpreter, ze zmienionymi parametrami lub bez",
  'a strategy: "asyncio", or "asyncio(100)" as results call it':
    "strategia: „asyncio” albo „asyncio(100)”, jak nazywają ją wyniki",
  "JSON pointers of the sweep, each with one of its values":
    "wskaźniki JSON ze „sweep”, każdy z jedną ze swoich wartości",
  "work that any strategy can run": "praca, którą może wykonać każda strategia",
  "how many jobs there are, all alike and all there from the beginning":
    "ile jest zadań; wszystkie są takie same i są od początku",
  "jobs that come from outside, whether the system is ready or not":
    "zadania, które przychodzą z zewnątrz, bez względu na to, czy system jest gotowy",
  "what is sent with each job to another process or interpreter":
    "co wysyła się z każdym zadaniem do innego procesu lub interpretera",
  "what each job sends back from there": "co każde zadanie stamtąd odsyła",
  "what one job does": "co robi jedno zadanie",
  "how many jobs arrive in a second, on average": "ile zadań przychodzi średnio w ciągu sekundy",
  "how long jobs arrive; the run ends when the last one has ended":
    "jak długo przychodzą zadania; przebieg kończy się z ostatnim z nich",
  'the law of the time between two jobs, or between two bursts of them, which is exponential with "bursts"':
    "rozkład czasu między dwoma zadaniami albo między dwiema ich seriami, przy „bursts” wykładniczy",
  'how many jobs of a burst arrive at once, with "bursts" or every burst / rate_per_s seconds with "constant"; the rate stays that of jobs':
    "ile zadań serii przychodzi naraz: z „bursts”, a z „constant” co burst / rate_per_s sekund; natężenie pozostaje liczbą zadań na sekundę",
  "jobs that arrive before this time do not count":
    "zadania, które przychodzą przed tym czasem, się nie liczą",
  "what the actors share: names, each with a kind":
    "co aktorzy mają wspólnego: nazwy, każda ze swoim rodzajem obiektu",
  "signals such as Ctrl-C, each another one, for the main thread, which starts the actors and waits for them":
    "sygnały, jak Ctrl-C, każdy inny, dla głównego wątku, który uruchamia aktorów i na nich czeka",
  "literal threads and event loops of one process": "dosłowne wątki i pętle zdarzeń jednego procesu",
  "when it arrives": "kiedy przychodzi",
  "the Python code of its handler, on the reference runtime":
    "kod w Pythonie jego procedury obsługi, na interpreterze odniesienia",
  "what the threads are called on the timeline": "jak nazywają się te wątki na osi czasu",
  "how many such threads there are; 0 leaves the actor out": "ile jest takich wątków; 0 pomija aktora",
  "true when the run does not wait for its end": "true, gdy przebieg nie czeka na jego koniec",
  "what each thread does": "co robi każdy z tych wątków",
  "what the loops are called on the timeline": "jak nazywają się te pętle na osi czasu",
  "how many such threads with an event loop there are; 0 leaves the actor out":
    "ile jest takich wątków z pętlą zdarzeń; 0 pomija aktora",
  "true for asyncio.eager_task_factory (3.12 and later): a task's first step is taken when it is made":
    "true włącza asyncio.eager_task_factory (od 3.12): zadanie robi pierwszy krok w chwili utworzenia",
  "what the loop runs": "co wykonuje pętla",
  "what the task is called on the timeline": "jak nazywa się zadanie na osi czasu",
  "how many such tasks the loop starts with": "ile takich zadań pętla ma na początku",
  "true when the loop does not wait for its end: it is cancelled then":
    "true, gdy pętla nie czeka na jego koniec: zostaje wtedy anulowane",
  "what the task does": "co robi zadanie",
  "how many such threads with an interpreter each there are, in the one process; 0 leaves the actor out":
    "ile jest w tym jednym procesie takich wątków, każdy z własnym interpreterem; 0 pomija aktora",
  "what each of them does; of shared objects they can use those of kind interpreter_queue":
    "co robi każdy z nich; ze wspólnych obiektów może używać tych rodzaju interpreter_queue",
  "what the processes are called on the timeline": "jak nazywają się te procesy na osi czasu",
  "how many such processes with one thread each there are; 0 leaves the actor out":
    "ile jest takich procesów, każdy z jednym wątkiem; 0 pomija aktora",
  "how the processes are started; default: as the runtime does on that machine":
    "jak uruchamia się procesy; default: tak, jak robi to interpreter na tej maszynie",
  "what each of them does; they share no objects with anybody":
    "co robi każdy z nich; z nikim nie mają wspólnych obiektów",
  "a threading.Semaphore: how often it can be taken at first":
    "threading.Semaphore: ile razy można go zająć na początku",
  "a threading.Barrier: how many threads it waits for": "threading.Barrier: na ile wątków czeka",
  "a queue.Queue: how many items it holds; 0 is without bound":
    "queue.Queue: ile mieści elementów; 0 to bez ograniczenia",
  "a queue of concurrent.interpreters.create_queue(), 3.14 and later, for threads and interpreters of one process: how many items it holds; 0 is without bound; whoever waits looks again every 10 ms":
    "kolejka concurrent.interpreters.create_queue(), od 3.14, dla wątków i interpreterów jednego procesu: ile mieści elementów; 0 to bez ograniczenia; kto czeka, zagląda znowu co 10 ms",
  "an object of which only the reference count matters: \"one\" for all threads, one for \"each\" thread made by the main thread, each thread's \"own\", made by itself, \"deferred\" (a function, class or module) or \"immortal\" (None, True, a small integer)":
    "obiekt, w którym liczy się tylko licznik referencji: „one” jeden dla wszystkich wątków, „each” po jednym na wątek, utworzone przez wątek główny, „own” własny każdego wątku, przez niego utworzony, „deferred” (funkcja, klasa lub moduł) albo „immortal” (None, True, mała liczba)",
  "a list that threads operate on: \"one\" for all threads, one for \"each\" thread made by the main thread, or each thread's \"own\", made by itself":
    "lista, której używają wątki: „one” jedna dla wszystkich, „each” po jednej na wątek, utworzone przez wątek główny, „own” własna każdego wątku, przez niego utworzona",
  "a dict that threads operate on: \"one\" for all threads, one for \"each\" thread made by the main thread, or each thread's \"own\", made by itself":
    "słownik, którego używają wątki: „one” jeden dla wszystkich, „each” po jednym na wątek, utworzone przez wątek główny, „own” własny każdego wątku, przez niego utworzony",
  "an asyncio.Semaphore, one for each event loop: how often it can be taken at first":
    "asyncio.Semaphore, w każdej pętli zdarzeń własny: ile razy można go zająć na początku",
  "an asyncio.Queue, one for each event loop: how many items it holds; 0 is without bound":
    "asyncio.Queue, w każdej pętli zdarzeń własna: ile mieści elementów; 0 to bez ograniczenia",
  "a socket pair with a process at its other end that answers every message: the CPU time that it takes for one answer, its system calls included":
    "para gniazd z procesem na drugim końcu, który odpowiada na każdą wiadomość: czas procesora, którego potrzebuje na jedną odpowiedź, z wywołaniami systemowymi",
  "Python code: its time on the reference runtime on an idle core":
    "kod w Pythonie: jego czas na interpreterze odniesienia, na wolnym rdzeniu",
  "Python code that runs until the thread's own CPU clock has advanced by so much on the reference runtime":
    "kod w Pythonie, który działa, aż zegar procesora jego wątku przesunie się na interpreterze odniesienia o tyle",
  "a call of C code: the time it computes": "wywołanie kodu w C: czas jego obliczeń",
  'whether the call keeps the GIL, releases it, or releases it only when it works on enough bytes, as hashlib does ("by_size")':
    "czy wywołanie trzyma GIL, oddaje go, czy oddaje tylko wtedy, gdy pracuje na dość wielu bajtach, jak hashlib („by_size”)",
  "how much data a call that releases the GIL by size works on":
    "na ilu danych pracuje wywołanie, które oddaje GIL zależnie od rozmiaru",
  "how many native threads share the work of the call": "ile wątków natywnych dzieli pracę tego wywołania",
  "a wait for the outside world without the GIL: in jobs an await under asyncio, in actors a call that blocks its thread":
    "czekanie na świat zewnętrzny bez GIL-a: w zadaniach „jobs” pod asyncio to await, u aktorów wywołanie, które blokuje wątek",
  "true for a library without async support: it blocks the event loop under asyncio; only in jobs":
    "true dla biblioteki bez obsługi async: pod asyncio blokuje pętlę zdarzeń; tylko w „jobs”",
  "time.sleep(): in jobs an await under asyncio, in actors a call that blocks its thread":
    "time.sleep(): w zadaniach „jobs” pod asyncio to await, u aktorów wywołanie, które blokuje wątek",
  "an await of something from the outside world": "await na coś ze świata zewnętrznego",
  "await asyncio.sleep()": "await asyncio.sleep()",
  "the steps that await asyncio.to_thread() runs in a worker thread":
    "kroki, które await asyncio.to_thread() wykonuje w wątku roboczym",
  "how often the steps run": "ile razy wykonuje się kroki",
  "what is repeated": "co się powtarza",
  "the steps that run again and again until the run ends":
    "kroki, które wykonuje się wciąż od nowa, aż do końca przebiegu",
  "the lock, rlock, condition or semaphore, of threading or of asyncio, that is held while the steps run":
    "lock, rlock, condition lub semaphore z threading albo asyncio, trzymane przez czas wykonywania kroków",
  "what runs with it held": "co wykonuje się, gdy jest trzymane",
  "the lock, rlock, condition or semaphore to take; waits until it can":
    "lock, rlock, condition lub semaphore do zajęcia; czeka, aż się uda",
  "the lock, rlock, condition or semaphore to give back": "lock, rlock, condition lub semaphore do oddania",
  "the counter to which 1 is added: load, compute, store":
    "licznik, do którego dodaje się 1: odczyt, obliczenie, zapis",
  "the time of its Python code on the reference runtime: a third before the load, a third between load and store, a third after the store":
    "czas jego kodu w Pythonie na interpreterze odniesienia: jedna trzecia przed odczytem, jedna trzecia między odczytem a zapisem, jedna trzecia po zapisie",
  "true when a call lies between load and store, as in x = f(x)":
    "true, gdy między odczytem a zapisem jest wywołanie, jak w x = f(x)",
  "the condition, event or barrier to wait for; a condition must be held":
    "warunek (condition), zdarzenie (event) lub bariera, na które się czeka; warunek trzeba trzymać",
  "the condition whose waiters are woken; it must be held":
    "warunek (condition), którego czekających się budzi; trzeba go trzymać",
  "how many of them are woken at most": "ilu z nich najwyżej się budzi",
  "the condition whose waiters are all woken; it must be held":
    "warunek (condition), którego wszystkich czekających się budzi; trzeba go trzymać",
  "the event that is set, which wakes all who wait for it":
    "zdarzenie (event), które zostaje ustawione, co budzi wszystkich czekających",
  "the event that is cleared: who waits for it waits again":
    "zdarzenie (event), które zostaje skasowane: kto na nie czeka, czeka znowu",
  "the queue into which an item is put; waits while it is full":
    "kolejka, do której wkłada się element; czeka, dopóki jest pełna",
  "what is copied by whoever gets the item; only of an interpreter_queue":
    "co kopiuje ten, kto wyjmuje element; tylko w interpreter_queue",
  "true for objects that interpreters cannot share and that are pickled (all but None, bool, numbers, str, bytes and tuples of these); only of an interpreter_queue":
    "true dla obiektów, których interpretery nie mogą dzielić i które zapisuje się przez pickle (wszystkie poza None, bool, liczbami, str, bytes i krotkami z nich); tylko w interpreter_queue",
  "the queue from which an item is taken; waits while it is empty":
    "kolejka, z której wyjmuje się element; czeka, dopóki jest pusta",
  "the peer to which a message is sent": "partner (peer), do którego wysyła się wiadomość",
  "the CPU time of the system call, without the GIL": "czas procesora wywołania systemowego, bez GIL-a",
  "the peer whose answer is received; waits for it":
    "partner (peer), którego odpowiedź się odbiera; czeka na nią",
  "the object to which references are taken and dropped": "obiekt, do którego bierze się i oddaje referencje",
  "how many, one after the other": "ile razy, raz za razem",
  "the list or dict on which the operation is done": "lista lub słownik, na którym wykonuje się operację",
  "the operation: append, pop, insert, setitem, getitem and len for lists; setitem, getitem, delitem, contains and len for dicts":
    "operacja: append, pop, insert, setitem, getitem i len dla list; setitem, getitem, delitem, contains i len dla słowników",
  "the time of the operation itself, which is C code: on one container no two that lock it overlap":
    "czas samej operacji, która jest kodem w C: dwie, które blokują ten sam kontener, nigdy się nie nakładają",
  "how many objects that the garbage collector tracks (lists, dicts, instances) are made and stay":
    "ile obiektów, które śledzi odśmiecacz (list, słowników, instancji), powstaje i zostaje",
  "how many of the objects made by allocate are given back":
    "ile obiektów utworzonych przez allocate się oddaje",
  "the event or async_event that ends the loop: while not event.is_set()":
    "event lub async_event, które kończy pętlę: while not event.is_set()",
  "what runs again and again until it is set": "co wykonuje się wciąż od nowa, aż zostanie ustawione",
  "the tasks that await asyncio.gather() makes and waits for; the first exception is raised at once":
    "zadania, które await asyncio.gather() tworzy i na które czeka; pierwszy wyjątek jest zgłaszany od razu",
  "the tasks of an asyncio.TaskGroup, 3.11 and later; the first exception cancels the others, and all are waited for":
    "zadania asyncio.TaskGroup, od 3.11; pierwszy wyjątek anuluje pozostałe, a czeka się na wszystkie",
  "how many such tasks": "ile jest takich zadań",
  "what a task is called that asyncio.create_task() makes and nobody waits for; it is cancelled when the loop ends":
    "jak nazywa się zadanie, które tworzy asyncio.create_task() i na które nikt nie czeka; na końcu pętli jest anulowane",
  "the spawned tasks whose end await asyncio.wait() waits for":
    "zadania utworzone przez spawn, na których koniec czeka await asyncio.wait()",
  "the spawned tasks that are cancelled": "zadania utworzone przez spawn, które zostają anulowane",
  "async with asyncio.timeout(), 3.11 and later: after so long the steps are cancelled; the TimeoutError is caught":
    "async with asyncio.timeout(), od 3.11: po tym czasie kroki są anulowane; TimeoutError jest przechwytywany",
  "what has to end in that time": "co ma się skończyć w tym czasie",
  "await asyncio.wait_for(): after so long the steps are cancelled; the TimeoutError is caught":
    "await asyncio.wait_for(): po tym czasie kroki są anulowane; TimeoutError jest przechwytywany",
  "what has to end in that time; up to 3.11 a task of its own":
    "co ma się skończyć w tym czasie; do 3.11 osobne zadanie",
  "steps whose exceptions are caught, or after which is cleaned up":
    "kroki, których wyjątki są przechwytywane lub po których się sprząta",
  "what runs when one of them has raised an exception; a cancellation is one up to 3.7":
    "co wykonuje się, gdy któryś z nich zgłosił wyjątek; do 3.7 jest nim także anulowanie",
  "what runs after them in any case": "co wykonuje się po nich w każdym przypadku",
  "the exception, such as ValueError": "wyjątek, na przykład ValueError",
  "the peer from which await reader.read() reads: a stream":
    "partner (peer), od którego czyta await reader.read(): strumień",
  "the peer from which await loop.sock_recv() receives":
    "partner (peer), od którego odbiera await loop.sock_recv()",
  "the law's name": "nazwa rozkładu",
  "every draw": "każde losowanie",
  "the shortest time": "najkrótszy czas",
  "the longest time": "najdłuższy czas",
  "the expected time": "wartość oczekiwana czasu",
  "the time that half of the draws stay below": "czas, poniżej którego jest połowa losowań",
  "the standard deviation of the logarithm": "odchylenie standardowe logarytmu",
  "the tail's exponent: the smaller, the heavier the tail": "wykładnik ogona: im mniejszy, tym cięższy ogon",
  "the times, one of which is drawn": "czasy, z których losuje się jeden",
  "how often each of them is drawn, relative to the others; all alike when not written":
    "jak często losuje się każdy z nich w stosunku do innych; bez tego pola wszystkie tak samo",
  "the size of the thread pool": "rozmiar puli wątków",
  "how many jobs are in the event loop at a time": "ile zadań jest naraz w pętli zdarzeń",
  "the size of a thread pool in which everything runs that would hold up the loop: Python, C calls, calls that block":
    "rozmiar puli wątków, w której działa wszystko, co zatrzymałoby pętlę: Python, wywołania C, wywołania blokujące",
  "the same with a ProcessPoolExecutor of so many workers":
    "to samo z ProcessPoolExecutor o tylu procesach roboczych",
  "the number of worker processes with one thread each": "liczba procesów roboczych po jednym wątku",
  "how many jobs are sent to a worker at a time: chunksize of map(); not of jobs that arrive, which are submitted one by one":
    "ile zadań naraz wysyła się do procesu roboczego: chunksize w map(); nie dotyczy zadań, które przychodzą, bo te wysyła się pojedynczo",
  "what each of the processes, instead of being a worker of a pool, takes jobs with from a socket that they share, as servers do":
    "czym każdy z procesów, zamiast być procesem roboczym puli, pobiera zadania ze wspólnego gniazda, jak robią to serwery",
  "the number of worker threads with an interpreter each, in one process":
    "liczba wątków roboczych, każdy z własnym interpreterem, w jednym procesie",
  "how many threads of the process take jobs": "ile wątków procesu pobiera zadania",
  "how many jobs are in the event loop of the process at a time":
    "ile zadań jest naraz w pętli zdarzeń procesu",
};
