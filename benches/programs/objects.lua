-- A small operating system made of objects (after the Richards benchmark): six tasks of four kinds, which a scheduler runs
-- by priority, send each other packets. Methods found by metatables, fields and linked lists.
local floor = math.floor

local IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = 1, 2, 3, 4, 5, 6
local FOR_DEVICE, FOR_WORK = 1, 2
local LETTERS = 4

-- Puts a packet at the end of a queue; the queue's first packet is the result.
local function append(packet, queue)
  packet.link = nil
  if not queue then return packet end
  local last = queue
  while last.link do last = last.link end
  last.link = packet
  return queue
end

local function packet(link, ident, kind)
  return { link = link, ident = ident, kind = kind, datum = 0, data = { 0, 0, 0, 0 } }
end

---- What every task has: a name, a priority, packets that wait, and whether it is held or waits for one.

local Task = {}
Task.__index = Task

local function class(run)
  local methods = setmetatable({ run = run }, Task)
  methods.__index = methods
  return methods
end

-- `ready` says that it has packets or nothing to wait for.
function Task:ready() return not self.held and (self.queue ~= nil or not self.waiting) end

-- Runs with the first packet, if it had been waiting for one; the next task to run is the result.
function Task:step(system)
  local first
  if self.waiting then
    first = self.queue
    self.queue = first.link
    self.waiting = false
  end
  return self:run(system, first)
end

-- Takes in a packet; whoever is more important of the two runs next.
function Task:receive(sent, from)
  local had = self.queue
  self.queue = append(sent, had)
  if not had and self.priority > from.priority then return self end
  return from
end

---- The scheduler.

local System = {}
System.__index = System

local function new_system() return setmetatable({ tasks = {}, order = nil, current = nil, queued = 0, holds = 0 }, System) end

function System:add(methods, ident, priority, queue, waiting, fields)
  local task = fields or {}
  task.ident, task.priority, task.queue, task.waiting, task.held = ident, priority, queue, waiting, false
  task.next = self.order
  self.order = task
  self.tasks[ident] = setmetatable(task, methods)
end

function System:schedule()
  local task = self.order
  while task do
    if task:ready() then
      self.current = task
      task = task:step(self)
    else
      task = task.next
    end
  end
end

function System:wait()
  self.current.waiting = true
  return self.current
end

function System:hold()
  self.holds = self.holds + 1
  self.current.held = true
  return self.current.next
end

function System:release(ident)
  local task = self.tasks[ident]
  task.held = false
  return task.priority > self.current.priority and task or self.current
end

function System:send(sent)
  local to = self.tasks[sent.ident]
  self.queued = self.queued + 1
  sent.ident = self.current.ident
  return to:receive(sent, self.current)
end

---- The kinds of tasks.

-- Turns the bit of this value round.
local function flip(number, value) return floor(number / value) % 2 == 0 and number + value or number - value end

-- Wakes one device or the other, as the bits of a shift register fall out of it.
local Idle = class(function(self, system)
  self.count = self.count - 1
  if self.count == 0 then return system:hold() end
  local half = floor(self.bits / 2)
  if self.bits % 2 == 0 then
    self.bits = half
    return system:release(DEVICE_A)
  end
  self.bits = flip(flip(flip(flip(half, 0x8000), 0x4000), 0x1000), 8)
  return system:release(DEVICE_B)
end)

-- Fills packets with the letters in their order, for one handler and the other in turn.
local Worker = class(function(self, system, work)
  if not work then return system:wait() end
  self.to = self.to == HANDLER_A and HANDLER_B or HANDLER_A
  work.ident, work.datum = self.to, 0
  for i = 1, LETTERS do
    self.letter = self.letter % 26 + 1
    work.data[i] = self.letter
  end
  return system:send(work)
end)

-- Gives the letters of its work to its device, one a packet; what is done goes back to the worker.
local Handler = class(function(self, system, got)
  if got and got.kind == FOR_WORK then
    self.work = append(got, self.work)
  elseif got then
    self.free = append(got, self.free)
  end
  local work = self.work
  if not work then return system:wait() end
  if work.datum == LETTERS then
    self.work = work.link
    return system:send(work)
  end
  local free = self.free
  if not free then return system:wait() end
  self.free = free.link
  work.datum = work.datum + 1
  free.datum = work.data[work.datum]
  return system:send(free)
end)

-- Keeps a packet until it is woken, and sends it back.
local Device = class(function(self, system, got)
  if got then
    self.kept = got
    return system:hold()
  end
  local kept = self.kept
  if not kept then return system:wait() end
  self.kept = nil
  return system:send(kept)
end)

local function packets(count, ident, kind)
  local first
  for _ = 1, count do first = packet(first, ident, kind) end
  return first
end

-- How long the idle task goes on; and, for that long, how many packets are sent and how often a task is held.
local COUNT, QUEUED, HOLDS = 1000, 2322, 928

local function run()
  local system = new_system()
  system:add(Idle, IDLE, 0, nil, false, { bits = 1, count = COUNT })
  system:add(Worker, WORKER, 1000, packets(2, WORKER, FOR_WORK), true, { to = HANDLER_A, letter = 0 })
  system:add(Handler, HANDLER_A, 2000, packets(3, DEVICE_A, FOR_DEVICE), true)
  system:add(Handler, HANDLER_B, 3000, packets(3, DEVICE_B, FOR_DEVICE), true)
  system:add(Device, DEVICE_A, 4000, nil, true)
  system:add(Device, DEVICE_B, 5000, nil, true)
  system:schedule()
  return system.queued, system.holds
end

return function(times)
  local sum = 0
  for _ = 1, times do
    local queued, holds = run()
    if queued ~= QUEUED or holds ~= HOLDS then error("objects: " .. queued .. " packets were sent, and tasks held " .. holds .. " times") end
    sum = sum + queued + holds
  end
  return sum
end
