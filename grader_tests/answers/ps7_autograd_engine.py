# Answers to problem set 7. See src/chainrule/sample/sample_class.py for the form of this file.

# %% q1_order | right | a mark for each value
def topological_order(circuit, output):
    order, state, waiting = [], {}, [output]
    while waiting:
        name = waiting[-1]
        if state.get(name) == "done":
            waiting.pop()
        elif state.get(name) == "begun":
            state[name] = "done"
            order.append(waiting.pop())
        else:
            state[name] = "begun"
            waiting.extend(part for part in circuit[name] if part not in state)
    return order

# %% q1_order | right | counts what still waits
def topological_order(circuit, output):
    needed, waiting = {output}, [output]
    while waiting:
        for part in circuit[waiting.pop()]:
            if part not in needed:
                needed.add(part)
                waiting.append(part)
    users = {name: [] for name in needed}
    open_parts = {}
    for name in needed:
        parts = set(circuit[name])
        open_parts[name] = len(parts)
        for part in parts:
            users[part].append(name)
    ready = [name for name in needed if not open_parts[name]]
    order = []
    while ready:
        name = ready.pop()
        order.append(name)
        for user in users[name]:
            open_parts[user] -= 1
            if not open_parts[user]:
                ready.append(user)
    return order

# %% q1_order | right | a generator on a stack
def topological_order(circuit, output):
    order, met = [], {output}
    stack = [(output, iter(circuit[output]))]
    while stack:
        name, parts = stack[-1]
        for part in parts:
            if part not in met:
                met.add(part)
                stack.append((part, iter(circuit[part])))
                break
        else:
            order.append(name)
            stack.pop()
    return order

# %% q1_order | right | a tuple, by depth
def topological_order(circuit, output):
    depth = {}
    waiting = [output]
    while waiting:
        name = waiting[-1]
        missing = [part for part in circuit[name] if part not in depth]
        if missing:
            waiting.extend(missing)
        else:
            depth[name] = 1 + max((depth[part] for part in circuit[name]), default=0)
            waiting.pop()
    return tuple(sorted(depth, key=depth.get))

# %% q1_order | wrong | zeros
def topological_order(circuit, output):
    return [0] * len(circuit)

# %% q1_order | wrong | as it stands in the dict
def topological_order(circuit, output):
    return list(circuit)

# %% q1_order | wrong: engine-recursion | calls itself
def topological_order(circuit, output):
    order, met = [], set()

    def visit(name):
        if name not in met:
            met.add(name)
            for part in circuit[name]:
                visit(part)
            order.append(name)

    visit(output)
    return order

# %% q1_order | wrong: engine-visits-again | no memory of what was met
def topological_order(circuit, output):
    order, waiting = [], [(output, False)]
    while waiting:
        name, done = waiting.pop()
        if done:
            order.append(name)
        else:
            waiting.append((name, True))
            waiting.extend((part, False) for part in circuit[name])
    return order

# %% q1_order | wrong | in the order of discovery
def topological_order(circuit, output):
    order, waiting, met = [], [output], {output}
    while waiting:
        name = waiting.pop(0)
        order.append(name)
        for part in circuit[name]:
            if part not in met:
                met.add(part)
                waiting.append(part)
    return order[::-1]

# %% q1_order | wrong | the order of backward
def topological_order(circuit, output):
    order, met, waiting = [], set(), [(output, False)]
    while waiting:
        name, done = waiting.pop()
        if done:
            order.append(name)
        elif name not in met:
            met.add(name)
            waiting.append((name, True))
            waiting.extend((part, False) for part in circuit[name])
    return order[::-1]

# %% q1_order | wrong | leaves the inputs out
def topological_order(circuit, output):
    order, met, waiting = [], set(), [(output, False)]
    while waiting:
        name, done = waiting.pop()
        if done:
            if circuit[name]:
                order.append(name)
        elif name not in met:
            met.add(name)
            waiting.append((name, True))
            waiting.extend((part, False) for part in circuit[name])
    return order

# %% q1_order | wrong | searches a list for every gate
def topological_order(circuit, output):
    order, met, waiting = [], [], [(output, False)]
    while waiting:
        name, done = waiting.pop()
        if done:
            order.append(name)
        elif name not in met:
            met.append(name)
            waiting.append((name, True))
            waiting.extend((part, False) for part in circuit[name])
    return order

# %% q1_order | wrong | counts a value that is used twice once only
def topological_order(circuit, output):
    needed, waiting = {output}, [output]
    while waiting:
        for part in circuit[waiting.pop()]:
            if part not in needed:
                needed.add(part)
                waiting.append(part)
    users = {name: set() for name in needed}
    open_parts = {name: len(circuit[name]) for name in needed}
    for name in needed:
        for part in circuit[name]:
            users[part].add(name)
    ready = [name for name in needed if not open_parts[name]]
    order = []
    while ready:
        name = ready.pop()
        order.append(name)
        for user in users[name]:
            open_parts[user] -= 1
            if not open_parts[user]:
                ready.append(user)
    return order

# %% q1_order | wrong | nothing is returned
def topological_order(circuit, output):
    order = list(circuit)

# %% q2_value | right | closures, as micrograd has them
def as_value(x):
    return x if isinstance(x, Value) else Value(x)


class Value:
    def __init__(self, value, operands=()):
        self.value, self.operands, self.gradient = value, tuple(operands), 0.0
        self._back = lambda: None

    def _made(self, value, operands, back):
        out = Value(value, operands)
        out._back = lambda: back(out.gradient)
        return out

    def __add__(self, other):
        other = as_value(other)

        def back(up):
            self.gradient += up
            other.gradient += up

        return self._made(self.value + other.value, (self, other), back)

    def __mul__(self, other):
        other = as_value(other)

        def back(up):
            self.gradient += up * other.value
            other.gradient += up * self.value

        return self._made(self.value * other.value, (self, other), back)

    def _one(self, value, local):
        def back(up):
            self.gradient += up * local

        return self._made(value, (self,), back)

    def __pow__(self, n):
        return self._one(self.value**n, n * self.value ** (n - 1))

    def exp(self):
        e = math.exp(self.value)
        return self._one(e, e)

    def log(self):
        return self._one(math.log(self.value), 1 / self.value)

    def tanh(self):
        t = math.tanh(self.value)
        return self._one(t, 1 - t**2)

    def relu(self):
        return self._one(max(0.0, self.value), 1.0 if self.value > 0 else 0.0)

    def backward(self):
        order, met, waiting = [], set(), [(self, False)]
        while waiting:
            node, done = waiting.pop()
            if done:
                order.append(node)
            elif node not in met:
                met.add(node)
                waiting.append((node, True))
                waiting.extend((o, False) for o in node.operands)
        for node in order:
            node.gradient = 0.0
        self.gradient = 1.0
        for node in reversed(order):
            node._back()

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-as_value(other))

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return as_value(other) - self

    def __rtruediv__(self, other):
        return as_value(other) / self

# %% q2_value | right | numbered as they are made
def backward(self):
    nodes, waiting = {id(self): self}, [self]
    while waiting:
        for operand in waiting.pop().operands:
            if id(operand) not in nodes:
                nodes[id(operand)] = operand
                waiting.append(operand)
    for node in nodes.values():
        node.gradient = 0.0
    self.gradient = 1.0
    for node in sorted(nodes.values(), key=lambda node: -node.number):
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

def __init__(self, value, operands=(), local=()):
    self.value, self.operands, self.local, self.gradient = value, operands, local, 0.0
    self.number = Value.made = getattr(Value, "made", 0) + 1

# %% q2_value | right | counts the gates that wait
def backward(self):
    uses, waiting, met = {}, [self], {self}
    while waiting:
        node = waiting.pop()
        node.gradient = 0.0
        for operand in node.operands:
            uses[operand] = uses.get(operand, 0) + 1
            if operand not in met:
                met.add(operand)
                waiting.append(operand)
    self.gradient, ready = 1.0, [self]
    while ready:
        node = ready.pop()
        for operand, local in zip(node.operands, node.local):
            operand.gradient = operand.gradient + local * node.gradient
            uses[operand] -= 1
            if uses[operand] == 0:
                ready.append(operand)

# %% q2_value | right | numpy numbers, gradients in a dict first
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            waiting.append((node, True))
            waiting.extend((o, False) for o in reversed(node.operands))
    found = dict.fromkeys(order, np.float64(0.0))
    found[self] = np.float64(1.0)
    for node in order[::-1]:
        for operand, local in zip(node.operands, node.local):
            found[operand] += found[node] * local
    for node, gradient in found.items():
        node.gradient = gradient

# %% q2_value | right | twice as slow
def backward(self):
    for _ in range(2):
        order, met, waiting = [], set(), [(self, False)]
        while waiting:
            node, done = waiting.pop()
            if done:
                order.append(node)
            elif node not in met:
                met.add(node)
                waiting.append((node, True))
                waiting.extend((o, False) for o in node.operands)
        for node in order:
            node.gradient = 0.0
        self.gradient = 1.0
        for node in reversed(order):
            for operand, local in zip(node.operands, node.local):
                operand.gradient += node.gradient * local

# %% q2_value | wrong: engine-unseeded | zeros
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = 0.0
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

# %% q2_value | wrong: engine-overwrites | = for +=
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = 0.0
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = 1.0
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            operand.gradient = node.gradient * local

# %% q2_value | wrong: engine-visits-again | no memory of what was met
def backward(self):
    order, waiting = [], [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        else:
            node.gradient = 0.0
            waiting.append((node, True))
            waiting.extend((o, False) for o in reversed(node.operands))
    self.gradient = 1.0
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

# %% q2_value | wrong: engine-visits-again | passes on all it has, each time
def backward(self):
    seen, waiting = set(), [self]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            node.gradient = 0.0
            waiting.extend(node.operands)
    self.gradient, waiting = 1.0, [self]
    while waiting:
        node = waiting.pop()
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local
            waiting.append(operand)

# %% q2_value | wrong: engine-order | level by level
def backward(self):
    order, waiting, met = [], [self], {self}
    while waiting:
        node = waiting.pop(0)
        order.append(node)
        for operand in node.operands:
            if operand not in met:
                met.add(operand)
                waiting.append(operand)
    for node in order:
        node.gradient = 0.0
    self.gradient = 1.0
    for node in order:
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

# %% q2_value | wrong: engine-order | as soon as it is met
def backward(self):
    order, waiting, met = [], [self], set()
    while waiting:
        node = waiting.pop()
        if node not in met:
            met.add(node)
            order.append(node)
            node.gradient = 0.0
            waiting.extend(reversed(node.operands))
    self.gradient = 1.0
    for node in order:
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

# %% q2_value | wrong: engine-order | from the inputs
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = 0.0
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = 1.0
    for node in order:
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

# %% q2_value | wrong: engine-not-reset | never zero again
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = 1.0
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

# %% q2_value | wrong: engine-not-reset | resets only what is next to the output
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    for operand in self.operands:
        operand.gradient = 0.0
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = 1.0
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

# %% q2_value | wrong: engine-recursion | calls itself
def backward(self):
    order, met = [], set()

    def visit(node):
        if node not in met:
            met.add(node)
            node.gradient = 0.0
            for operand in node.operands:
                visit(operand)
            order.append(node)

    visit(self)
    self.gradient = 1.0
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

# %% q2_value | wrong: engine-visits-again | every path on its own
def backward(self):
    met, waiting = set(), [self]
    while waiting:
        node = waiting.pop()
        if node not in met:
            met.add(node)
            node.gradient = 0.0
            waiting.extend(node.operands)
    paths = [(self, 1.0)]
    while paths:
        node, up = paths.pop()
        node.gradient += up
        for operand, local in zip(node.operands, node.local):
            paths.append((operand, up * local))

# %% q2_value | wrong: upstream-forgotten | adds up the local gradients
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = 0.0
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = 1.0
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            operand.gradient += local

# %% q2_value | wrong: engine-forgets-operands | the second operand of a sum is lost
def __add__(self, other):
    other = as_value(other)
    return Value(self.value + other.value, (self,), (1.0,))

# %% q2_value | wrong: engine-forgets-operands | exp remembers nothing
def exp(self):
    e = math.exp(self.value)
    return Value(e)

# %% q2_value | wrong | operands the other way round
def __mul__(self, other):
    other = as_value(other)
    return Value(self.value * other.value, (other, self), (self.value, other.value))

# %% q2_value | wrong | the product does not switch
def __mul__(self, other):
    other = as_value(other)
    return Value(self.value * other.value, (self, other), (self.value, other.value))

# %% q2_value | wrong | the power keeps its exponent
def __pow__(self, n):
    return Value(self.value**n, (self,), (n * self.value**n,))

# %% q2_value | wrong | tanh without the square
def tanh(self):
    t = math.tanh(self.value)
    return Value(t, (self,), (1 - t,))

# %% q2_value | wrong | whole exponents only
def __pow__(self, n):
    n = round(n)
    return Value(self.value**n, (self,), (n * self.value ** (n - 1),))

# %% q2_value | wrong | only the slope takes whole exponents
def __pow__(self, n):
    return Value(self.value**n, (self,), (round(n) * self.value ** (n - 1),))

# %% q2_value | wrong | clips what comes back
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = 0.0
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = 1.0
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            operand.gradient += max(-1e5, min(1e5, node.gradient * local))

# %% q2_value | wrong: engine-changes-values | relu changes its input
def relu(self):
    on = float(self.value > 0)
    self.value = on * self.value
    return Value(self.value, (self,), (on,))

# %% q2_value | wrong | subtracts in place of adding
def __add__(self, other):
    other = as_value(other)
    return Value(self.value - other.value, (self, other), (1.0, -1.0))

# %% q2_value | wrong | searches a list for every gate
def backward(self):
    order, met, waiting = [], [], [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.append(node)
            node.gradient = 0.0
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = 1.0
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

# %% q2_value | wrong | exponents of one decimal
def __pow__(self, n):
    n = round(n, 1)
    return Value(self.value**n, (self,), (n * self.value ** (n - 1),))

# %% q2_value | wrong: engine-not-reset | resets what is four gates away
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    near = {self}
    for _ in range(4):
        near |= {operand for node in near for operand in node.operands}
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            if node in near:
                node.gradient = 0.0
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = 1.0
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            operand.gradient += node.gradient * local

# %% q3_unbroadcast | right | all axes in one sum
def unbroadcast(gradient, shape):
    ahead = gradient.ndim - len(shape)
    axes = tuple(range(ahead)) + tuple(ahead + i for i, n in enumerate(shape) if n == 1)
    return gradient.sum(axis=axes).reshape(shape)

# %% q3_unbroadcast | right | entry by entry
def unbroadcast(gradient, shape):
    found = np.zeros(shape)
    ahead = gradient.ndim - len(shape)
    for index, value in np.ndenumerate(gradient):
        place = tuple(0 if n == 1 else i for i, n in zip(index[ahead:], shape))
        found[place] += value
    return found

# %% q3_unbroadcast | right | the shape filled up on the left
def unbroadcast(gradient, shape):
    full = (1,) * (gradient.ndim - len(shape)) + tuple(shape)
    for axis in range(gradient.ndim):
        if full[axis] == 1:
            gradient = np.sum(gradient, axis=axis, keepdims=True)
    return gradient.reshape(shape)

# %% q3_unbroadcast | wrong | zeros
def unbroadcast(gradient, shape):
    return np.zeros(shape)

# %% q3_unbroadcast | wrong | returned as it came
def unbroadcast(gradient, shape):
    return gradient

# %% q3_unbroadcast | wrong | only axes that are missing
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    return gradient

# %% q3_unbroadcast | wrong | only axes of length 1
def unbroadcast(gradient, shape):
    for axis, length in enumerate(shape):
        if length == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient

# %% q3_unbroadcast | wrong | a mean in place of the sum
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.mean(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            gradient = gradient.mean(axis=axis, keepdims=True)
    return gradient

# %% q3_unbroadcast | wrong | takes the first copy
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient[0]
    for axis, length in enumerate(shape):
        if length == 1:
            gradient = np.take(gradient, [0], axis=axis)
    return gradient

# %% q3_unbroadcast | wrong | at most one axis too many
def unbroadcast(gradient, shape):
    if shape == ():
        return gradient.sum()
    if gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient

# %% q4_tensor | right | gradients that are there only when something came
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = None
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = np.ones_like(self.value)
    for node in reversed(order):
        if node.gradient is None:
            continue
        for operand, back in zip(node.operands, node.back):
            if operand.fixed:
                continue
            share = unbroadcast(back(node.gradient), operand.value.shape)
            operand.gradient = share if operand.gradient is None else operand.gradient + share

# %% q4_tensor | right | each gate sums for itself
def __add__(self, other):
    other = as_tensor(other)
    return Tensor(
        self.value + other.value,
        (self, other),
        (
            lambda up: unbroadcast(up, self.value.shape),
            lambda up: unbroadcast(up, other.value.shape),
        ),
    )

def __mul__(self, other):
    other = as_tensor(other)
    return Tensor(
        self.value * other.value,
        (self, other),
        (
            lambda up: unbroadcast(up * other.value, self.value.shape),
            lambda up: unbroadcast(up * self.value, other.value.shape),
        ),
    )

# %% q4_tensor | right | matmul by einsum, sum by a product with ones
def __matmul__(self, other):
    other = as_tensor(other)
    return Tensor(
        np.einsum("ij,jk->ik", self.value, other.value),
        (self, other),
        (
            lambda up: np.einsum("ik,jk->ij", up, other.value),
            lambda up: np.einsum("ij,ik->jk", self.value, up),
        ),
    )

def sum(self, axis=None):
    def back(up):
        rows = up if axis is None else np.expand_dims(up, axis)
        return rows * np.ones(self.value.shape)

    return Tensor(np.sum(self.value, axis=axis), (self,), (back,))

# %% q4_tensor | right | mean of its own, numbers in shape ()
def mean(self, axis=None):
    n = self.value.size if axis is None else self.value.shape[axis]

    def back(up):
        rows = up if axis is None else np.expand_dims(up, axis)
        return np.broadcast_to(rows, self.value.shape) / n

    return Tensor(self.value.mean(axis=axis), (self,), (back,))

# %% q4_tensor | right | twice as slow
def backward(self):
    for _ in range(2):
        order, met, waiting = [], set(), [(self, False)]
        while waiting:
            node, done = waiting.pop()
            if done:
                order.append(node)
            elif node not in met:
                met.add(node)
                node.gradient = np.zeros(node.value.shape)
                waiting.append((node, True))
                waiting.extend((o, False) for o in node.operands)
        self.gradient = np.ones(self.value.shape)
        for node in reversed(order):
            for operand, back in zip(node.operands, node.back):
                if not operand.fixed:
                    operand.gradient += unbroadcast(back(node.gradient), operand.value.shape)

# %% q4_tensor | wrong: engine-unseeded | zeros
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = np.zeros(node.value.shape)
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    for node in reversed(order):
        for operand, back in zip(node.operands, node.back):
            if not operand.fixed:
                operand.gradient += unbroadcast(back(node.gradient), operand.value.shape)

# %% q4_tensor | wrong: engine-not-unbroadcast | keeps the shape of the result
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = 0.0
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = np.ones(self.value.shape)
    for node in reversed(order):
        for operand, back in zip(node.operands, node.back):
            if not operand.fixed:
                operand.gradient = operand.gradient + back(node.gradient)

# %% q4_tensor | wrong: engine-overwrites | = for +=
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = np.zeros(node.value.shape)
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = np.ones(self.value.shape)
    for node in reversed(order):
        for operand, back in zip(node.operands, node.back):
            if not operand.fixed:
                operand.gradient = unbroadcast(back(node.gradient), operand.value.shape)

# %% q4_tensor | wrong: engine-shared-gradient | adds into what it was handed
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = None
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = np.ones(self.value.shape)
    for node in reversed(order):
        for operand, back in zip(node.operands, node.back):
            if operand.fixed:
                continue
            share = unbroadcast(np.asarray(back(node.gradient)), operand.value.shape)
            if not share.flags.writeable:
                share = share.copy()
            if operand.gradient is None:
                operand.gradient = share
            else:
                operand.gradient += share

# %% q4_tensor | wrong: engine-not-reset | never zero again
def __init__(self, value, operands=(), back=(), fixed=False):
    self.value = np.array(value, dtype=np.float64)
    self.operands, self.back, self.fixed = operands, back, fixed
    self.gradient = np.zeros(self.value.shape)

def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = np.ones(self.value.shape)
    for node in reversed(order):
        for operand, back in zip(node.operands, node.back):
            if not operand.fixed:
                operand.gradient += unbroadcast(back(node.gradient), operand.value.shape)

# %% q4_tensor | wrong: engine-not-reset | resets only what is next to the output
def __init__(self, value, operands=(), back=(), fixed=False):
    self.value = np.array(value, dtype=np.float64)
    self.operands, self.back, self.fixed = operands, back, fixed
    self.gradient = np.zeros(self.value.shape)

def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            if not node.operands or node in self.operands:
                node.gradient = np.zeros(node.value.shape)
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = np.ones(self.value.shape)
    for node in reversed(order):
        for operand, back in zip(node.operands, node.back):
            if not operand.fixed:
                operand.gradient += unbroadcast(back(node.gradient), operand.value.shape)

# %% q4_tensor | wrong: engine-changes-values | relu in place
def relu(self):
    on = self.value > 0
    self.value *= on
    return Tensor(self.value, (self,), (lambda up: up * on,))

# %% q4_tensor | wrong | constants get gradients
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = np.zeros(node.value.shape)
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = np.ones(self.value.shape)
    for node in reversed(order):
        for operand, back in zip(node.operands, node.back):
            operand.gradient += unbroadcast(back(node.gradient), operand.value.shape)

# %% q4_tensor | wrong | matmul's gradients change places
def __matmul__(self, other):
    other = as_tensor(other)
    back = (lambda up: self.value.T @ up, lambda up: up @ other.value.T)
    return Tensor(self.value @ other.value, (self, other), back)

# %% q4_tensor | wrong | matmul without a transpose, where it fits
def __matmul__(self, other):
    other = as_tensor(other)

    def to_self(up):
        square = other.value.shape[0] == other.value.shape[1]
        return up @ (other.value if square else other.value.T)

    return Tensor(
        self.value @ other.value, (self, other), (to_self, lambda up: self.value.T @ up)
    )

# %% q4_tensor | wrong | an entry that is taken twice counts once
def __getitem__(self, index):
    def back(up):
        whole = np.zeros(self.value.shape)
        whole[index] = up
        return whole

    return Tensor(self.value[index], (self,), (back,))

# %% q4_tensor | wrong | the sum does not put its axis back
def sum(self, axis=None):
    def back(up):
        return np.broadcast_to(up, self.value.shape)

    return Tensor(self.value.sum(axis=axis), (self,), (back,))

# %% q4_tensor | wrong | the sum knows two axes only
def sum(self, axis=None):
    def back(up):
        if axis == 1 or axis == -1:
            up = up[:, np.newaxis]
        return np.broadcast_to(up, self.value.shape)

    return Tensor(self.value.sum(axis=axis), (self,), (back,))

# %% q4_tensor | wrong | the mean forgets its divisor going back
def mean(self, axis=None):
    def back(up):
        rows = up if axis is None else np.expand_dims(up, axis)
        return np.broadcast_to(rows, self.value.shape)

    return Tensor(self.value.mean(axis=axis), (self,), (back,))

# %% q4_tensor | wrong | clips what comes back
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = np.zeros(node.value.shape)
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = np.ones(self.value.shape)
    for node in reversed(order):
        for operand, back in zip(node.operands, node.back):
            if not operand.fixed:
                share = unbroadcast(back(node.gradient), operand.value.shape)
                operand.gradient += np.clip(share, -1e5, 1e5)

# %% q4_tensor | wrong | the root of a negative power
def __pow__(self, n):
    slope = n * self.value ** (n - 1) if n == int(n) else n * self.value**n
    return Tensor(self.value**n, (self,), (lambda up: up * slope,))

# %% q4_tensor | wrong | only two axes are unbroadcast
def backward(self):
    order, met, waiting = [], set(), [(self, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            node.gradient = np.zeros(node.value.shape)
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    self.gradient = np.ones(self.value.shape)
    for node in reversed(order):
        for operand, back in zip(node.operands, node.back):
            if not operand.fixed:
                share = back(node.gradient)
                if np.ndim(share) < 3:
                    share = unbroadcast(share, operand.value.shape)
                elif np.shape(share) != operand.value.shape:
                    share = np.zeros(operand.value.shape)
                operand.gradient += share

# %% q4_tensor | wrong | the sum wants no axis above 1
def sum(self, axis=None):
    if axis is not None and axis > 1:
        axis = 1

    def back(up):
        rows = up if axis is None else np.expand_dims(up, axis)
        return np.broadcast_to(rows, self.value.shape)

    return Tensor(self.value.sum(axis=axis), (self,), (back,))

# %% q4_tensor | wrong | exponents of one decimal
def __pow__(self, n):
    n = round(n, 1)
    return Tensor(self.value**n, (self,), (lambda up: up * n * self.value ** (n - 1),))

# %% q5_loss | right | the picked scores first
def cross_entropy(scores, y):
    top = scores.value.max(axis=1)
    picked = scores[np.arange(len(y)), y] - top
    moved = scores - top[:, np.newaxis]
    return (moved.exp().sum(axis=1).log() - picked).sum() / len(y)

# %% q5_loss | right | with a table of ones and zeros
def cross_entropy(scores, y):
    right = np.zeros(scores.value.shape)
    right[np.arange(len(y)), y] = 1.0
    shifted = scores - scores.value.max(axis=1, keepdims=True)
    return (shifted.exp().sum(axis=1).log() - (shifted * right).sum(axis=1)).mean()

# %% q5_loss | right | row by row
def cross_entropy(scores, y):
    total = 0.0
    for n, right in enumerate(y):
        row = scores[n] - scores.value[n].max()
        total = total + row.exp().sum().log() - row[int(right)]
    return total * (1 / len(y))

# %% q5_loss | wrong | zeros
def cross_entropy(scores, y):
    return (scores * 0.0).sum()

# %% q5_loss | wrong | overflows
def cross_entropy(scores, y):
    return (scores.exp().sum(axis=1).log() - scores[np.arange(len(y)), y]).mean()

# %% q5_loss | wrong | a sum in place of the mean
def cross_entropy(scores, y):
    shifted = scores - scores.value.max(axis=1, keepdims=True)
    return (shifted.exp().sum(axis=1).log() - shifted[np.arange(len(y)), y]).sum()

# %% q5_loss | wrong | without the right class
def cross_entropy(scores, y):
    shifted = scores - scores.value.max(axis=1, keepdims=True)
    return shifted.exp().sum(axis=1).log().mean()

# %% q5_loss | wrong | the largest of all rows
def cross_entropy(scores, y):
    shifted = scores - scores.value.max()
    return (shifted.exp().sum(axis=1).log() - shifted[np.arange(len(y)), y]).mean()

# %% q5_loss | wrong | sums over the batch
def cross_entropy(scores, y):
    shifted = scores - scores.value.max(axis=1, keepdims=True)
    return (shifted.exp().sum(axis=0).log().sum() - shifted[np.arange(len(y)), y].sum()) / len(y)

# %% q5_loss | wrong | worked out by NumPy
def cross_entropy(scores, y):
    s = scores.value - scores.value.max(axis=1, keepdims=True)
    return Tensor(np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y]))

# %% q5_loss | wrong | divides by three
def cross_entropy(scores, y):
    shifted = scores - scores.value.max(axis=1, keepdims=True)
    return (shifted.exp().sum(axis=1).log() - shifted[np.arange(len(y)), y]).sum() / 3

# %% q6_train | right | parameters in a list, moved in place
def train(params, X, y, learning_rate, steps):
    tensors = {name: Tensor(value) for name, value in params.items()}
    names = list(tensors)
    for _ in range(steps):
        h = Tensor(X, fixed=True)
        for layer in range(0, len(names), 2):
            h = h @ tensors[names[layer]] + tensors[names[layer + 1]]
            if layer + 2 < len(names):
                h = h.relu()
        loss = cross_entropy(h, y)
        loss.backward()
        for tensor in tensors.values():
            tensor.value = tensor.value - learning_rate * tensor.gradient
    return {name: tensor.value for name, tensor in tensors.items()}

# %% q6_train | right | a function for the net
def train(params, X, y, learning_rate, steps):
    def scores(tensors):
        h, last = X, len(tensors) // 2
        for n in range(1, last + 1):
            h = as_tensor(h) @ tensors[f"W{n}"] + tensors[f"b{n}"]
            h = h if n == last else h.relu()
        return h

    here = {name: np.array(value) for name, value in params.items()}
    for _ in range(steps):
        tensors = {name: Tensor(value) for name, value in here.items()}
        cross_entropy(scores(tensors), y).backward()
        here = {name: here[name] - learning_rate * tensors[name].gradient for name in here}
    return here

# %% q6_train | right | a smaller step towards the end
def train(params, X, y, learning_rate, steps):
    for step in range(steps):
        tensors = {name: Tensor(value) for name, value in params.items()}
        h, layers = as_tensor(X), len(tensors) // 2
        for layer in range(1, layers + 1):
            h = h @ tensors[f"W{layer}"] + tensors[f"b{layer}"]
            if layer < layers:
                h = h.relu()
        cross_entropy(h, y).backward()
        rate = learning_rate if step < 0.9 * steps else learning_rate / 2
        params = {name: t.value - rate * t.gradient for name, t in tensors.items()}
    return params

# %% q6_train | wrong | zeros
def train(params, X, y, learning_rate, steps):
    return {name: np.zeros(value.shape) for name, value in params.items()}

# %% q6_train | wrong: uphill | uphill
def train(params, X, y, learning_rate, steps):
    for _ in range(steps):
        tensors = {name: Tensor(value) for name, value in params.items()}
        h, layers = as_tensor(X), len(tensors) // 2
        for layer in range(1, layers + 1):
            h = h @ tensors[f"W{layer}"] + tensors[f"b{layer}"]
            if layer < layers:
                h = h.relu()
        cross_entropy(h, y).backward()
        params = {name: t.value + learning_rate * t.gradient for name, t in tensors.items()}
    return params

# %% q6_train | wrong | one step only
def train(params, X, y, learning_rate, steps):
    tensors = {name: Tensor(value) for name, value in params.items()}
    h, layers = as_tensor(X), len(tensors) // 2
    for layer in range(1, layers + 1):
        h = h @ tensors[f"W{layer}"] + tensors[f"b{layer}"]
        if layer < layers:
            h = h.relu()
    cross_entropy(h, y).backward()
    return {name: t.value - learning_rate * t.gradient for name, t in tensors.items()}

# %% q6_train | wrong: relu-missing | no ReLU between
def train(params, X, y, learning_rate, steps):
    for _ in range(steps):
        tensors = {name: Tensor(value) for name, value in params.items()}
        h, layers = as_tensor(X), len(tensors) // 2
        for layer in range(1, layers + 1):
            h = h @ tensors[f"W{layer}"] + tensors[f"b{layer}"]
        cross_entropy(h, y).backward()
        params = {name: t.value - learning_rate * t.gradient for name, t in tensors.items()}
    return params

# %% q6_train | wrong: relu-on-scores | a ReLU after every layer
def train(params, X, y, learning_rate, steps):
    for _ in range(steps):
        tensors = {name: Tensor(value) for name, value in params.items()}
        h = as_tensor(X)
        for layer in range(1, len(tensors) // 2 + 1):
            h = (h @ tensors[f"W{layer}"] + tensors[f"b{layer}"]).relu()
        cross_entropy(h, y).backward()
        params = {name: t.value - learning_rate * t.gradient for name, t in tensors.items()}
    return params

# %% q6_train | wrong | two layers, whatever comes
def train(params, X, y, learning_rate, steps):
    for _ in range(steps):
        W1, b1, W2, b2 = (Tensor(params[name]) for name in ("W1", "b1", "W2", "b2"))
        if b2.value.size != y.max() + 1:
            return params
        h = (as_tensor(X) @ W1 + b1).relu()
        cross_entropy(h @ W2 + b2, y).backward()
        params = dict(
            zip(
                ("W1", "b1", "W2", "b2"),
                (t.value - learning_rate * t.gradient for t in (W1, b1, W2, b2)),
            )
        )
    return params

# %% q6_train | wrong | the weights only
def train(params, X, y, learning_rate, steps):
    for _ in range(steps):
        tensors = {name: Tensor(value) for name, value in params.items()}
        h, layers = as_tensor(X), len(tensors) // 2
        for layer in range(1, layers + 1):
            h = h @ tensors[f"W{layer}"] + tensors[f"b{layer}"]
            if layer < layers:
                h = h.relu()
        cross_entropy(h, y).backward()
        params = {n: t.value - learning_rate * t.gradient for n, t in tensors.items() if n[0] == "W"}
        params |= {n: t.value for n, t in tensors.items() if n[0] == "b"}
        if len(params) > 5:
            break
    return {n: v for n, v in params.items() if n[0] == "W"}

# %% q6_train | wrong: inputs-modified | moves the arrays it was given
def train(params, X, y, learning_rate, steps):
    for _ in range(steps):
        tensors = {name: Tensor(value) for name, value in params.items()}
        h, layers = as_tensor(X), len(tensors) // 2
        for layer in range(1, layers + 1):
            h = h @ tensors[f"W{layer}"] + tensors[f"b{layer}"]
            if layer < layers:
                h = h.relu()
        cross_entropy(h, y).backward()
        for name, tensor in tensors.items():
            params[name] -= learning_rate * tensor.gradient
    return params

# %% q7_cost | right | conditional names
def walks(inputs, outputs):
    forward, reverse = inputs, outputs
    return forward, reverse


def numbers_kept(batch, sizes):
    kept = 0
    for layer in range(1, len(sizes)):
        kept += 2 * batch * sizes[layer]
        if layer < len(sizes) - 1:
            kept += batch * sizes[layer]
    return kept

# %% q7_cost | right | shapes of arrays
def walks(inputs, outputs):
    return [inputs, outputs]


def numbers_kept(batch, sizes):
    shapes = [(batch, size) for size in sizes[1:]]
    made = shapes * 2 + shapes[:-1]
    return sum(rows * columns for rows, columns in made)

# %% q7_cost | right | numpy
def walks(inputs, outputs):
    return tuple(np.array([inputs, outputs]))


def numbers_kept(batch, sizes):
    units = np.array(sizes[1:])
    return int(batch * (3 * units.sum() - units[-1]))

# %% q7_cost | wrong | zeros
def walks(inputs, outputs):
    return 0, 0


def numbers_kept(batch, sizes):
    return 0

# %% q7_cost | wrong | the two modes change places
def walks(inputs, outputs):
    return outputs, inputs


def numbers_kept(batch, sizes):
    return batch * sum(sizes)

# %% q7_cost | wrong | one walk, always
def walks(inputs, outputs):
    return inputs, 1


def numbers_kept(batch, sizes):
    return batch * (3 * sum(sizes[1:-1]) + 2 * sizes[-1])

# %% q7_cost | wrong | two layers are all there is
def walks(inputs, outputs):
    return inputs, outputs


def numbers_kept(batch, sizes):
    return batch * (3 * sizes[1] + 2 * sizes[-1])

# %% q7_cost | wrong | a ReLU after the last layer
def walks(inputs, outputs):
    return inputs * outputs, inputs * outputs


def numbers_kept(batch, sizes):
    return 3 * batch * sum(sizes[1:])

# %% q7_cost | wrong | the values after each ReLU only
def walks(inputs, outputs):
    return max(inputs, outputs), min(inputs, outputs)


def numbers_kept(batch, sizes):
    return batch * sum(sizes[1:])


# %% q5_loss | wrong | a plain number
def cross_entropy(scores, y):
    shifted = scores.value - scores.value.max(axis=1, keepdims=True)
    right = shifted[np.arange(len(y)), y]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - right))
